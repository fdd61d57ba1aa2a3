export { recordTrades } from './record-trades.ts'
export type { RecordOptions } from './record-options.ts'
export type { RecordEvent, RecordListener } from './record-events.ts'
export type { TradeExchange } from './trade-exchange.ts'
