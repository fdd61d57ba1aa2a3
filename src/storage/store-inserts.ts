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
   * already are not stored again, so sending anew what was not acknowledged is always right.
   * `BACKPRESSURE` when too many wait. Who records live may note the holes that the ticks leave.
   */
  async insertTicks(
    pair: PairLike,
    ticks: Rows<'ticks'> | TickColumns,
    options?: InsertOptions,
  ): Promise<InsertCounts> {
    return this.intake.ticks(this.parsePair(pair), ticks, options)
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
   * How long the pair's rows are kept from now on, as `retention` of the manager; written into its
   * file, which every cleanup obeys. A pair that is not there yet is made.
   */
  async setRetention(pair: PairLike, retention: RetentionOptions): Promise<void> {
    return this.intake.setRetention(this.parsePair(pair), resolveRules(retention))
  }

  /**
   * Stores candles durably; each stands for its whole bar, whatever trades come: leave out one
   * that is still open (the last row of ccxt's fetchOHLCV), or give it again. `INVALID_CANDLE`.
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
   * Stores the trades of a file (csv, csv.gz, jsonl, parquet; `-` is standard input), streaming.
   * A row that cannot be a tick ends it with `IMPORT_FAILED`, naming line, column and value, and
   * everything before it stays. Importing again adds only what is missing.
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
