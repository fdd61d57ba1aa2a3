import { shown } from '../errors.ts'
import type { PairLike } from '../pair.ts'
import type { InsertRelation, InsertRows } from '../schema/insert-columns.ts'
import { resolveRules, type RetentionOptions } from '../schema/retention-policy.ts'
import type { Timeframe } from '../time.ts'
import { StoreReads } from './pool/store-reads.ts'
import type { InsertCounts, RowCounts } from './events/outcomes.ts'
import type {
  CandleColumnMap,
  CandleImportReport,
  ImportOptions,
  ImportReport,
  TickColumnMap,
} from './import/import-options.ts'
import type { Intake } from './intake.ts'
import type { InsertOptions } from './write/insert-options.ts'
import type { TickColumns } from './write/tick.ts'

type Rows<Relation extends InsertRelation> = readonly InsertRows[Relation][]

/** What a manager stores: every call that brings data in. */
export abstract class StoreInserts extends StoreReads {
  protected abstract readonly intake: Intake

  /**
   * Stores ticks; resolves when they are durable. A call is stored whole or, when one of its ticks
   * cannot be stored (`INVALID_TICK`, naming index and field), not at all. Ticks that are stored
   * already are not stored again, so it is always right to send again what was not acknowledged.
   * `BACKPRESSURE` when too many wait. With `options.gaps`, the holes that the ticks leave are noted
   * in the same transaction.
   */
  async insertTicks(
    pair: PairLike,
    ticks: Rows<'ticks'> | TickColumns,
    options?: InsertOptions,
  ): Promise<InsertCounts> {
    return await this.intake.ticks(this.parsePair(pair), ticks, options)
  }

  /**
   * Says which of an exchange's ids the pair's trades carry, such as `binance aggregate trades`;
   * the pair remembers it for good. `ID_SPACE` when it holds others: the same trade would be
   * stored twice.
   */
  async claimIdSpace(pair: PairLike, idSpace: string): Promise<void> {
    if (typeof idSpace !== 'string' || idSpace === '')
      throw new TypeError(`claimIdSpace: expected a name of the ids, got ${shown(idSpace)}`)
    return this.intake.claimIdSpace(this.parsePair(pair), idSpace)
  }

  /**
   * Sets how long the pair's rows are kept from now on, as `retention` of the manager does. It is
   * written into the pair's file, and every cleanup obeys it. A pair that does not exist yet is made.
   */
  async setRetention(pair: PairLike, retention: RetentionOptions): Promise<void> {
    return this.intake.setRetention(this.parsePair(pair), resolveRules(retention))
  }

  /**
   * Stores candles durably. Each replaces its whole bar, and trades that come later do not change
   * it: leave out a bar that is still open (the last row of ccxt's fetchOHLCV), or insert it again
   * after it has closed. `INVALID_CANDLE` names index and field.
   */
  async insertCandles(
    pair: PairLike,
    timeframe: Timeframe,
    candles: Rows<'candles'>,
  ): Promise<RowCounts> {
    return this.intake.candles(this.parsePair(pair), timeframe, candles)
  }

  /** Stores or replaces rows of `order_flow`, durably, all or none. `INVALID_ROW` names index and field. */
  async insertOrderFlow(pair: PairLike, rows: Rows<'order_flow'>): Promise<RowCounts> {
    return this.intake.rows(this.parsePair(pair), 'order_flow', rows)
  }

  /** Rows of `market_profile`; see {@link insertOrderFlow}. */
  async insertMarketProfile(pair: PairLike, rows: Rows<'market_profile'>): Promise<RowCounts> {
    return this.intake.rows(this.parsePair(pair), 'market_profile', rows)
  }

  /** Supply and demand zones; see {@link insertOrderFlow}. */
  async insertZones(pair: PairLike, rows: Rows<'supply_demand_zones'>): Promise<RowCounts> {
    return this.intake.rows(this.parsePair(pair), 'supply_demand_zones', rows)
  }

  /** Fair value gaps; see {@link insertOrderFlow}. */
  async insertFairValueGaps(pair: PairLike, rows: Rows<'fair_value_gaps'>): Promise<RowCounts> {
    return this.intake.rows(this.parsePair(pair), 'fair_value_gaps', rows)
  }

  /**
   * Stores the trades of a file, streaming: csv, JSON, Parquet or line protocol, also in zip, gz and
   * (from Node 22.15 on) zst; `-` is standard input. A row that cannot be a tick ends the import with
   * `IMPORT_FAILED`, naming line, column and value, and everything before it stays stored. Importing
   * again adds only what is missing.
   */
  async importTicks(
    pair: PairLike,
    file: string,
    options?: ImportOptions<TickColumnMap>,
  ): Promise<ImportReport> {
    return this.intake.tickFile(this.parsePair(pair), file, options)
  }

  /** Stores the candles of a file, as {@link insertCandles} does. */
  async importCandles(
    pair: PairLike,
    timeframe: Timeframe,
    file: string,
    options?: ImportOptions<CandleColumnMap>,
  ): Promise<CandleImportReport> {
    return this.intake.candleFile(this.parsePair(pair), timeframe, file, options)
  }
}
