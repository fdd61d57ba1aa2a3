export {
  closedCandles,
  type CandleEvent,
  type ClosedCandlesOptions,
} from '../storage/follow/closed-candles.ts'
export { follow, type FollowOptions } from '../storage/follow/follow.ts'
export {
  replay,
  replayTicks,
  type ReplayedBar,
  type ReplayedMoment,
  type ReplayedTick,
  type ReplayOptions,
} from '../storage/follow/replay.ts'
export { recordTrades } from './record-trades.ts'
export type { RecordOptions } from './record-options.ts'
export type { RecordEvent, RecordListener } from './record-events.ts'
export type { TradeExchange } from './trade-exchange.ts'
