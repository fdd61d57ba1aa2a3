import type { CallParams } from '../exchanges/next-page.ts'
import type { DecimalInput } from '../model/decimal.ts'
import type { FillInput } from '../model/fill.ts'
import type { OrderInput } from '../model/order.ts'
import type { TickerInput } from '../model/ticker.ts'
import type { TransferInput } from '../model/transfer.ts'

/** ccxt's unified balances: an entry per asset, beside a few entries of other kinds. */
export interface CcxtBalances {
  readonly info?: unknown
  readonly timestamp?: number | undefined
  readonly [asset: string]: unknown
}

/** The entry of one asset. */
export interface CcxtBalance {
  readonly free?: DecimalInput | undefined
  readonly used?: DecimalInput | undefined
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
  readonly id: string
  readonly has: Readonly<Record<string, boolean | 'emulated' | undefined>>
  readonly markets?:
    | Readonly<Record<string, { readonly maker?: number; readonly taker?: number } | undefined>>
    | undefined
  /** By kind of market and method: how much an answer holds. */
  readonly features?: unknown
  fetchOpenOrders(
    symbol?: string,
    since?: number,
    limit?: number,
    params?: CcxtParams,
  ): Promise<OrderInput[]>
  fetchOrder(id: string, symbol?: string): Promise<OrderInput>
  fetchOrders?: FetchOrders
  fetchCanceledAndClosedOrders?: FetchOrders
  fetchClosedOrders?: FetchOrders
  fetchCanceledOrders?: FetchOrders
  fetchTime?(): Promise<number | string | undefined>
  fetchTickers?(symbols?: string[]): Promise<Readonly<Record<string, TickerInput>>>
  fetchBalance(): Promise<CcxtBalances>
  fetchMyTrades(
    symbol?: string,
    since?: number,
    limit?: number,
    params?: CcxtParams,
  ): Promise<FillInput[]>
  fetchDeposits(
    code?: string,
    since?: number,
    limit?: number,
    params?: CcxtParams,
  ): Promise<TransferInput[]>
  fetchWithdrawals(
    code?: string,
    since?: number,
    limit?: number,
    params?: CcxtParams,
  ): Promise<TransferInput[]>
  watchOrders(symbol?: string): Promise<OrderInput[]>
  watchMyTrades(symbol?: string): Promise<FillInput[]>
  watchBalance(): Promise<CcxtBalances>
  watchTickers(symbols?: string[]): Promise<Readonly<Record<string, TickerInput>>>
}
