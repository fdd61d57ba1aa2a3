import { decodeBalance } from '../stored/balance-json.ts'
import type { Balance } from '../model/balance.ts'
import type { GuardedClient } from '../stored/guarded-client.ts'
import type { DecimalText } from '../model/decimal.ts'
import { decodeFill } from '../stored/fill-json.ts'
import type { Fill } from '../model/fill.ts'
import { tradeFigures } from '../stored/keys.ts'
import type { MirrorKeys, TradeFigure } from '../stored/keys.ts'
import { readMirroredOrder, readMirroredOrderWithHistory } from '../stored/mirrored-order.ts'
import type { MirroredOrder, MirroredOrderWithHistory } from '../stored/mirrored-order.ts'
import { orderBook } from './order-book.ts'
import type { OrderBook } from './order-book.ts'
import { readStatus } from './mirror-status.ts'
import type { MirrorStatus } from './mirror-status.ts'
import { openOrdersScript, tradeStatsScript } from '../stored/read-scripts.ts'
import type { OrdersReply } from '../stored/read-scripts.ts'
import { allReadable, unreadable } from '../stored/stored-value.ts'
import { readTicker, readTickers } from '../stored/read-ticker.ts'
import type { Ticker } from '../model/ticker.ts'
import { decodeTransfer } from '../stored/transfer-json.ts'
import { transferField } from '../model/transfer.ts'
import type { Transfer } from '../model/transfer.ts'
import { compareFills, fillName } from '../model/fill-names.ts'
import type { CarriedPosition } from '../model/carried-position.ts'
import { decodeCarried } from '../stored/fill-sums-json.ts'
import { readHash, readPaged } from '../stored/hash-entries.ts'

/** What was traded of one base asset on one side. */
export interface TradeStats {
  /** `buy` or `sell`. */
  readonly side: 'buy' | 'sell'
  /** The base currency, such as `BTC`. */
  readonly base: string
  /** Orders with a fill, by quote currency. */
  readonly count: Readonly<Record<string, number>>
  /** Base amount, by quote currency. */
  readonly amount: Readonly<Record<string, DecimalText>>
  /** Value in quote currency. */
  readonly notional: Readonly<Record<string, DecimalText>>
  /** Fees, by the asset that they were taken in. */
  readonly fee: Readonly<Record<string, DecimalText>>
}

/**
 * Reads what is mirrored. Each method but those that say so sees one whole state: it takes it in
 * one read. Decimals
 * are text with the exchange's own digits. Lists pass over what can't be read, because something
 * else was written there; a single one asked for rejects with `VALKEY_WRONG_TYPE`. Other rejections
 * carry the client's codes.
 */
export class MirrorReads {
  protected readonly client: GuardedClient
  protected readonly keys: MirrorKeys

  protected constructor(client: GuardedClient, keys: MirrorKeys) {
    this.client = client
    this.keys = keys
  }

  /** Who writes, and how fresh what is mirrored is. */
  async status(): Promise<MirrorStatus> {
    return await readStatus(this.client, this.keys)
  }

  /** One order with its history, open or not; undefined when it isn't mirrored. */
  async getOrder(id: string): Promise<MirroredOrderWithHistory | undefined> {
    const json = await this.client.command(['HGET', this.keys.orders, id])
    if (typeof json !== 'string') return undefined
    try {
      return readMirroredOrderWithHistory(json)
    } catch (error) {
      throw unreadable(this.keys.orders, id, error)
    }
  }

  /** The open orders of one symbol or of all, the newest update first. */
  async listOpenOrders(symbol?: string): Promise<MirroredOrder[]> {
    const set = symbol === undefined ? this.keys.openSet : this.keys.open(symbol)
    const reply = await this.client.script(openOrdersScript, [this.keys.orders, set], [])
    return await openOrders(reply as OrdersReply)
  }

  async getBalances(): Promise<Balance[]> {
    const values = (await this.client.command(['HVALS', this.keys.balances])) as string[]
    const balances = await allReadable(values, decodeBalance)
    return balances.sort((a, b) => (a.asset < b.asset ? -1 : 1))
  }

  async getTicker(symbol: string): Promise<Ticker | undefined> {
    return readTicker(this.client, this.keys, symbol)
  }

  async listTickers(): Promise<Ticker[]> {
    return readTickers(this.client, this.keys)
  }

  /** Trade statistics of all base assets, or of one. */
  async getTradeStats(base?: string): Promise<TradeStats[]> {
    const indexes = tradeFigures.map((figure) => this.keys.tradesIndex(figure))
    const reply = (await this.client.script(tradeStatsScript, indexes, [])) as (string | string[])[]
    const stats = new Map<string, MutableStats>()
    for (let i = 0; i < reply.length; i += 2) {
      const [, side, asset, figure] = (reply[i] as string).slice(this.keys.prefix.length).split(':')
      if (side === undefined || asset === undefined || (base !== undefined && asset !== base))
        continue
      const name = `${asset}:${side}`
      const entry = stats.get(name) ?? emptyStats(side as 'buy' | 'sell', asset)
      stats.set(name, entry)
      setFigure(entry, figure as TradeFigure, reply[i + 1] as string[])
    }
    return [...stats.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry)
  }

  /** Own open limit orders of a symbol by price level. */
  async getOrderBook(symbol: string): Promise<OrderBook> {
    return orderBook(symbol, await this.listOpenOrders(symbol))
  }

  /** All symbols that an order or a fill was mirrored of. */
  async listSymbols(): Promise<string[]> {
    return ((await this.client.command(['SMEMBERS', this.keys.symbols])) as string[]).sort()
  }

  /**
   * The fills of one symbol or of all, the oldest first, page after page: of those that come
   * meanwhile some may be among them.
   */
  async listFills(symbol?: string): Promise<Fill[]> {
    const symbols = symbol === undefined ? await this.listSymbols() : [symbol]
    const fills: Fill[] = []
    for (const name of symbols) {
      const [times, hash] = [this.keys.fillTimes(name), this.keys.fills(name)]
      for (const fill of await readPaged(this.client, times, hash, decodeFill, fillName))
        fills.push(fill)
    }
    return fills.sort(compareFills)
  }

  /** What the fills that `retainFillsMs` removed left behind: the positions they came to. */
  async listCarried(): Promise<CarriedPosition[]> {
    return [...(await readHash(this.client, this.keys.carried, decodeCarried)).values()]
  }

  /** The deposits and withdrawals, the oldest first. */
  async listTransfers(): Promise<Transfer[]> {
    const { transferTimes, transfers } = this.keys
    const { client } = this
    const found = await readPaged(client, transferTimes, transfers, decodeTransfer, transferField)
    return found.sort((a, b) => a.timestamp - b.timestamp || (a.id < b.id ? -1 : 1))
  }
}

/** Open orders from the script's reply; ids without a readable order are passed over. */
export async function openOrders([, ...slices]: OrdersReply): Promise<MirroredOrder[]> {
  const orders = await allReadable(slices.flat(), readMirroredOrder)
  return orders.sort((a, b) => b.updatedMs - a.updatedMs || (a.id < b.id ? -1 : 1))
}

interface MutableStats extends TradeStats {
  readonly count: Record<string, number>
  readonly amount: Record<string, DecimalText>
  readonly notional: Record<string, DecimalText>
  readonly fee: Record<string, DecimalText>
}

function emptyStats(side: 'buy' | 'sell', base: string): MutableStats {
  return { side, base, count: {}, amount: {}, notional: {}, fee: {} }
}

function setFigure(entry: MutableStats, figure: TradeFigure, flat: readonly string[]): void {
  for (let i = 0; i < flat.length; i += 2) {
    if (figure === 'count') entry.count[flat[i]!] = Number(flat[i + 1])
    else entry[figure][flat[i]!] = flat[i + 1]!
  }
}
