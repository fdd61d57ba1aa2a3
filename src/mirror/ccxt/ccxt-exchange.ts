import type { CallParams } from '../exchanges/next-page.ts'
import type { DecimalInput } from '../model/decimal.ts'
import type { FillInput } from '../model/fill.ts'
import type { OrderInput } from '../model/order.ts'
import type { TickerInput } from '../model/ticker.ts'
import type { TransferInput } from '../model/transfer.ts'

/** ccxt's unified balances: an entry per asset, beside a few entries of other kinds. */
export interface CcxtBalances {
  /** The exchange's own answer, untouched. */
  readonly info?: unknown
  /** Unix ms; the fraction carries microseconds. */
  readonly timestamp?: number | undefined
  /** An asset, or one of ccxt's own keys such as `info`. */
  readonly [asset: string]: unknown
}

/** The entry of one asset. */
export interface CcxtBalance {
  /** What can be used. */
  readonly free?: DecimalInput | undefined
  /** What open orders hold. */
  readonly used?: DecimalInput | undefined
  /** `free` + `used`. */
  readonly total?: DecimalInput | undefined
}

/** What a call says beyond the unified parameters. */
export type CcxtParams = CallParams

type FetchOrders = (
  symbol?: string,
  since?: number,
  limit?: number,
  params?: CcxtParams,
) => Promise<OrderInput[]>

/**
 * The part of a ccxt or ccxt.pro exchange object that a mirror uses. Any exchange of that
 * package fits; what it lacks (`has`) is left out.
 */
export interface CcxtExchange {
  /** The exchange's id. */
  readonly id: string
  /** ccxt's table of what the exchange offers. */
  readonly has: Readonly<Record<string, boolean | 'emulated' | undefined>>
  /** ccxt's markets by symbol, once they are loaded. */
  readonly markets?:
    | Readonly<Record<string, { readonly maker?: number; readonly taker?: number } | undefined>>
    | undefined
  /** By kind of market and method: how much an answer holds. */
  readonly features?: unknown
  /** ccxt's method of this name. */
  fetchOpenOrders(
    symbol?: string,
    since?: number,
    limit?: number,
    params?: CcxtParams,
  ): Promise<OrderInput[]>
  /** ccxt's method of this name. */
  fetchOrder(id: string, symbol?: string): Promise<OrderInput>
  /** ccxt's method of this name. */
  fetchOrders?: FetchOrders
  /** ccxt's method of this name. */
  fetchCanceledAndClosedOrders?: FetchOrders
  /** ccxt's method of this name. */
  fetchClosedOrders?: FetchOrders
  /** ccxt's method of this name. */
  fetchCanceledOrders?: FetchOrders
  /** ccxt's method of this name. */
  fetchTime?(): Promise<number | string | undefined>
  /** ccxt's method of this name. */
  fetchTickers?(symbols?: string[]): Promise<Readonly<Record<string, TickerInput>>>
  /** ccxt's method of this name. */
  fetchBalance(): Promise<CcxtBalances>
  /** ccxt's method of this name. */
  fetchMyTrades(
    symbol?: string,
    since?: number,
    limit?: number,
    params?: CcxtParams,
  ): Promise<FillInput[]>
  /** ccxt's method of this name. */
  fetchDeposits(
    code?: string,
    since?: number,
    limit?: number,
    params?: CcxtParams,
  ): Promise<TransferInput[]>
  /** ccxt's method of this name. */
  fetchWithdrawals(
    code?: string,
    since?: number,
    limit?: number,
    params?: CcxtParams,
  ): Promise<TransferInput[]>
  /** ccxt's method of this name. */
  watchOrders(symbol?: string): Promise<OrderInput[]>
  /** ccxt's method of this name. */
  watchMyTrades(symbol?: string): Promise<FillInput[]>
  /** ccxt's method of this name. */
  watchBalance(): Promise<CcxtBalances>
  /** ccxt's method of this name. */
  watchTickers(symbols?: string[]): Promise<Readonly<Record<string, TickerInput>>>
}
