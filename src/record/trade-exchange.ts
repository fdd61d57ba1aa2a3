import type { CcxtOhlcv, CcxtTrade } from '../ccxt/ccxt-objects.ts'

type Params = Readonly<Record<string, unknown>>

/** The part of a ccxt.pro exchange object that recording uses; any of that package fits. */
export interface TradeExchange {
  /** ccxt's name of the exchange. */
  readonly id: string
  /** ccxt's table of what the exchange offers. */
  readonly has: Readonly<Record<string, boolean | 'emulated' | undefined>>
  /** By symbol, once {@link loadMarkets} has run. */
  readonly markets?: Readonly<Record<string, { readonly type?: string } | undefined>> | undefined
  /** Has to be true: a call then gives only what is new since the last one. */
  newUpdates?: boolean
  /** ccxt's method of this name. */
  loadMarkets(): Promise<unknown>
  /** ccxt's method of this name. */
  watchTrades(
    symbol: string,
    since?: number,
    limit?: number,
    params?: Params,
  ): Promise<readonly CcxtTrade[]>
  /** ccxt's method of this name. */
  watchTradesForSymbols?(
    symbols: string[],
    since?: number,
    limit?: number,
    params?: Params,
  ): Promise<readonly CcxtTrade[]>
  /** ccxt's method of this name. */
  fetchTrades(
    symbol: string,
    since?: number,
    limit?: number,
    params?: Params,
  ): Promise<readonly CcxtTrade[]>
  /** ccxt's method of this name; where ids prove nothing, the minutes' volumes are compared with it. */
  fetchOHLCV?(
    symbol: string,
    timeframe?: string,
    since?: number,
    limit?: number,
  ): Promise<readonly CcxtOhlcv[]>
  /** Ends it; further calls are refused. */
  close?(): Promise<unknown>
}
