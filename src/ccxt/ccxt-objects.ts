/** A number of ccxt's; text where the exchange object was made with `number: String`. */
export type CcxtNumber = number | string | null | undefined

/** The part of ccxt's unified trade that a tick is made of; `side` is the taker's. */
export interface CcxtTrade {
  /** The exchange's id. */
  readonly id?: string | number | null | undefined
  /** Unix ms. */
  readonly timestamp?: CcxtNumber
  /** ISO 8601; of some exchanges with microseconds. */
  readonly datetime?: string | null | undefined
  /** The market, such as `BTC/USDT`. */
  readonly symbol?: string | null | undefined
  /** `buy` or `sell`. */
  readonly side?: string | null | undefined
  /** In the quote currency. */
  readonly price?: CcxtNumber
  /** In the base currency. */
  readonly amount?: CcxtNumber
  /** What the exchange itself said. */
  readonly info?: unknown
}

/** A row of ccxt's `fetchOHLCV`: open time in Unix ms, open, high, low, close, volume. */
export type CcxtOhlcv = readonly CcxtNumber[]
