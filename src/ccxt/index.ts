export { candlesFromCcxt, type CcxtCandleOptions } from './candles-from-ccxt.ts'
export type { CcxtNumber, CcxtOhlcv, CcxtTrade } from './ccxt-objects.ts'
export { ticksFromCcxt } from './ticks-from-ccxt.ts'
