import type { PairLike } from '../../pair.ts'
import type { InsertRelation, InsertRows } from '../../schema/insert-columns.ts'
import type { InsertCounts, RowCounts } from '../../storage/events/outcomes.ts'
import { resolveInsertOptions, type InsertOptions } from '../../storage/write/insert-options.ts'
import { countOfTicks, type TickColumns } from '../../storage/write/tick.ts'
import type { Timeframe } from '../../time.ts'
import { rowsToJson, ticksToJson } from '../wire/call-json.ts'
import { RemoteEvents } from './remote-events.ts'

type Rows<Relation extends InsertRelation> = readonly InsertRows[Relation][]

/** What is stored in another process: every call that brings rows in. */
export abstract class RemoteInserts extends RemoteEvents {
  /** The pair in its one form; throws for what is none, and when the client is closed. */
  protected abstract named(pair: PairLike): string

  /** Sends rows of a table, again while nobody answers, and each time under the same key. */
  protected abstract insert<T>(relation: InsertRelation, body: string): Promise<T>

  /**
   * As `DatabaseManager.insertTicks`. What a lost connection leaves open is sent again, under the
   * same key, so that it is stored once. Only a server that was started anew meanwhile does not
   * know the key: then ticks with ids are told apart by them, and a call with ticks without ids
   * is rejected with `CONNECTION_LOST`, since they may be stored or not.
   */
  async insertTicks(
    pair: PairLike,
    ticks: Rows<'ticks'> | TickColumns,
    options?: InsertOptions,
  ): Promise<InsertCounts> {
    const named = this.named(pair)
    countOfTicks(ticks)
    if (options !== undefined) resolveInsertOptions(options)
    return this.insert('ticks', ticksToJson(named, ticks, options))
  }

  /** As `DatabaseManager.insertCandles`. */
  async insertCandles(
    pair: PairLike,
    timeframe: Timeframe,
    candles: Rows<'candles'>,
  ): Promise<RowCounts> {
    return this.insert('candles', rowsToJson(this.named(pair), candles, timeframe))
  }

  /** As `DatabaseManager.insertOrderFlow`. */
  async insertOrderFlow(pair: PairLike, rows: Rows<'order_flow'>): Promise<RowCounts> {
    return this.insert('order_flow', rowsToJson(this.named(pair), rows))
  }

  /** As `DatabaseManager.insertMarketProfile`. */
  async insertMarketProfile(pair: PairLike, rows: Rows<'market_profile'>): Promise<RowCounts> {
    return this.insert('market_profile', rowsToJson(this.named(pair), rows))
  }

  /** As `DatabaseManager.insertZones`. */
  async insertZones(pair: PairLike, rows: Rows<'supply_demand_zones'>): Promise<RowCounts> {
    return this.insert('supply_demand_zones', rowsToJson(this.named(pair), rows))
  }

  /** As `DatabaseManager.insertFairValueGaps`. */
  async insertFairValueGaps(pair: PairLike, rows: Rows<'fair_value_gaps'>): Promise<RowCounts> {
    return this.insert('fair_value_gaps', rowsToJson(this.named(pair), rows))
  }
}
