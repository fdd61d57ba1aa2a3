import type { CcxtTrade } from '../ccxt/ccxt-objects.ts'

type Params = Readonly<Record<string, unknown>>

/** The part of a ccxt.pro exchange object that recording uses; any of that package fits. */
export interface TradeExchange {
  readonly id: string
  readonly has: Readonly<Record<string, boolean | 'emulated' | undefined>>
  /** By symbol, once {@link loadMarkets} has run. */
  readonly markets?: Readonly<Record<string, { readonly type?: string } | undefined>> | undefined
  /** Has to be true: a call then gives only what is new since the last one. */
  newUpdates?: boolean
  loadMarkets(): Promise<unknown>
  watchTrades(
    symbol: string,
    since?: number,
    limit?: number,
    params?: Params,
  ): Promise<readonly CcxtTrade[]>
  watchTradesForSymbols?(
    symbols: string[],
    since?: number,
    limit?: number,
    params?: Params,
  ): Promise<readonly CcxtTrade[]>
  fetchTrades(
    symbol: string,
    since?: number,
    limit?: number,
    params?: Params,
  ): Promise<readonly CcxtTrade[]>
  close?(): Promise<unknown>
}
