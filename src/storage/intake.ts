import { formatPair, parsePair, type Pair, type PairLike } from '../pair.ts'
import type { InsertRows, UpsertRelation } from '../schema/insert-columns.ts'
import type { Gap } from '../schema/gaps.ts'
import type { RetentionRules } from '../schema/retention-policy.ts'
import type { Tick } from '../schema/rows.ts'
import { isTimeframe, type Timeframe } from '../time.ts'
import { withCode } from './duckdb/duckdb-errors.ts'
import type { ConnectionPool } from './pool/connection-pool.ts'
import type { Events } from './events/events.ts'
import type { InsertCounts, RowCounts } from './events/outcomes.ts'
import { pairFiles, sizeOf } from './file/pair-files.ts'
import { WantedFiles } from './file/wanted-files.ts'
import { FileEngines } from './import/file-engines.ts'
import { idGuard } from './import/id-guard.ts'
import { importCandleFile, importTickFile, type IdGuard } from './import/import-file.ts'
import type { InsertBatch } from './import/tick-file-batch.ts'
import { importFiles, rowOptions, type FileImporter } from './import/import-files.ts'
import {
  resolveImportFilesOptions,
  type ImportFilesOptions,
  type ImportFilesReport,
} from './import/import-files-options.ts'
import { ImportLedger } from './import/import-ledger.ts'
import {
  resolveImportOptions,
  type CandleColumnMap,
  type CandleImportReport,
  type ImportOptions,
  type ImportReport,
  type TickColumnMap,
} from './import/import-options.ts'
import { insertOrSetAside, mayBeSetAside } from './upkeep/archive/set-aside.ts'
import { ImportedHistory } from './upkeep/imported-history.ts'
import { ImportedPairs, settlePair, type LeftByPair } from './upkeep/imported-pairs.ts'
import { defaultCandles } from '../schema/create.ts'
import { candleRelation } from '../schema/tables.ts'
import { LockWait } from './pool/lock-wait.ts'
import type { PairDatabase } from './pool/pair-database.ts'
import type { PoolOptions } from './pool/pool-slot.ts'
import { candleRecords, checkCandles, checkRows } from './write/check-rows.ts'
import { rowRelation } from './write/row-relation.ts'
import { ownTicks } from './write/tick-batch.ts'
import { claimIdSpace, refuseBesideMadeIds } from './write/id-space.ts'
import { resolveInsertOptions, type InsertOptions } from './write/insert-options.ts'
import type { TickColumns } from './write/tick.ts'
import type { WriterOptions } from './write/tick-line.ts'

const none: readonly Gap[] = []

interface IntakeOptions extends WriterOptions, PoolOptions {
  readonly dataDir: string
  readonly candles: readonly Timeframe[] | undefined
  readonly retention: RetentionRules
  /** See {@link PairContext.newRules}. */
  readonly newRules: Map<string, RetentionRules>
}

/** Everything that comes into the store, on its way to the pair's writer. */
export class Intake {
  readonly #dataDir: string
  /** The timeframes that a new pair keeps. */
  readonly #newPairs: readonly Timeframe[]
  readonly #ledger: ImportLedger
  readonly #pool: ConnectionPool
  /** For inserts; a file to import loses nothing when it is refused, and says so at once. */
  readonly #lockWait: LockWait
  readonly #options: IntakeOptions
  readonly #events: Events
  readonly #engines = new FileEngines()

  constructor(pool: ConnectionPool, options: IntakeOptions, events: Events) {
    this.#dataDir = options.dataDir
    this.#newPairs = options.candles ?? defaultCandles
    this.#ledger = new ImportLedger(options.dataDir)
    this.#pool = pool
    this.#lockWait = new LockWait(pool, options, new WantedFiles(options.dataDir))
    this.#options = options
    this.#events = events
    pool.resting.goOn = (each, handed) => {
      void this.#lockWait
        .use(each, (database) => database.writer.adopt(handed))
        .catch((error: unknown) => {
          handed.take()
          handed.commit.fail(withCode(error, formatPair(each)))
        })
    }
  }

  ticks(
    pair: Pair,
    ticks: readonly Tick[] | TickColumns,
    options: InsertOptions | undefined,
  ): Promise<InsertCounts> {
    const gaps = options === undefined ? none : resolveInsertOptions(options).gaps
    let given = ticks
    const own = (): void => {
      given = ownTicks(ticks, this.#latest())
    }
    const name = formatPair(pair)
    if (!this.#lockWait.isWaitedFor(name)) {
      // Whoever waits until the pair rests came before.
      const later = this.#pool.onceResting(name, () => this.ticks(pair, given, options), own)
      if (later !== undefined) return later
      const resting = this.#pool.resting.get(name)
      if (resting !== undefined && !mayBeSetAside(resting.rules, resting.writer.known.state, ticks))
        return resting.writer.insert(ticks, gaps)
    }
    return this.#lockWait.use(
      pair,
      (database) => insertOrSetAside(database, given, () => database.writer.insert(given, gaps)),
      own,
    )
  }

  claimIdSpace(pair: Pair, idSpace: string): Promise<void> {
    return this.#lockWait.use(pair, (database) =>
      database.writer.run((connection) => claimIdSpace(connection, database.name, idSpace)),
    )
  }

  setRetention(pair: Pair, rules: RetentionRules): Promise<void> {
    return this.#lockWait.use(pair, (database) => database.storeRules(rules))
  }

  candles(
    pair: Pair,
    timeframe: Timeframe,
    candles: readonly InsertRows['candles'][],
  ): Promise<RowCounts> {
    if (!isTimeframe(timeframe)) throw new TypeError(`unknown timeframe ${String(timeframe)}`)
    const checked = checkCandles(timeframe, candles, this.#latest())
    const store = (): Promise<RowCounts> =>
      this.#lockWait.use(pair, (database) =>
        this.#candles(database, timeframe, checked, checked.length),
      )
    if (this.#newPairs.includes(timeframe)) return store()
    return this.#refuseNew(pair, timeframe).then(store)
  }

  rows<Relation extends UpsertRelation>(
    pair: Pair,
    relation: Relation,
    rows: readonly InsertRows[Relation][],
  ): Promise<RowCounts> {
    const checked = checkRows(relation, rows)
    return this.#lockWait.use(pair, (database) =>
      database.rows.store(rowRelation(relation), checked),
    )
  }

  async tickFile(
    pair: Pair,
    file: string,
    options: ImportOptions<TickColumnMap> | undefined,
    /** Of the files before, where there are many. */
    leftByPair?: LeftByPair,
  ): Promise<ImportReport> {
    const resolved = resolveImportOptions('importTicks', options)
    const history = new ImportedHistory(resolved.retention, this.#options)
    // The pair is opened by the first batch: a file that cannot be read makes no empty pair.
    const { clock, newRules } = this.#options
    const left = resolved.pairFrom === undefined ? leftByPair : undefined
    const of = { history, newRules, clock, left }
    const pairs = new ImportedPairs((each, job) => this.#writing(each, job), of)
    const insert: InsertBatch = (ticks, { instrument, idSpace }) =>
      pairs.insert(pairOf(pair, instrument), ticks, idSpace)
    const inLedger = idGuard(this.#ledger, pair, rowOptions(resolved, undefined))
    const guard: IdGuard = async (path, given) => {
      if (await this.#isStored(pair))
        await this.#pool.use(pair, (database) =>
          database.writer.run((connection) => refuseBesideMadeIds(connection, database.name)),
        )
      await inLedger(path, given)
    }
    const report = await this.#engines.during(() =>
      importTickFile(file, resolved, {
        latest: this.#latest(),
        engines: this.#engines,
        insert,
        guard,
      }),
    )
    await pairs.end()
    return { ...report, ...history.stored, notes: [...report.notes, ...pairs.notes] }
  }

  async candleFile(
    pair: Pair,
    timeframe: Timeframe,
    file: string,
    options: ImportOptions<CandleColumnMap> | undefined,
  ): Promise<CandleImportReport> {
    if (!isTimeframe(timeframe)) throw new TypeError(`unknown timeframe ${String(timeframe)}`)
    const resolved = resolveImportOptions('importCandles', options)
    await this.#refuseNew(pair, timeframe)
    const latest = this.#latest()
    const relation = candleRelation(timeframe)
    const history = new ImportedHistory(resolved.retention, this.#options)
    const report = await this.#engines.during(() =>
      importCandleFile(
        file,
        { timeframe, latest, engines: this.#engines },
        resolved,
        (candles, instrument) =>
          this.#writing(pairOf(pair, instrument), async (database) => {
            await history.keep(database, relation, oldestOf(candles))
            return this.#candles(database, timeframe, checkCandles(timeframe, candles, latest))
          }),
      ),
    )
    return { ...report, ...history.stored }
  }

  files(
    base: PairLike | undefined,
    inputs: readonly string[],
    options: ImportFilesOptions | undefined,
  ): Promise<ImportFilesReport> {
    const resolved = resolveImportFilesOptions(options)
    const left: LeftByPair = new Map()
    const importer: FileImporter = {
      ledger: this.#ledger,
      isStored: (pair) => this.#isStored(pair),
      importOne: (pair, file, candles, each) =>
        candles === undefined
          ? this.tickFile(pair, file, each, left)
          : this.candleFile(pair, candles, file, each),
      settle: (pair) => this.#pool.use(pair, settlePair),
      rest: (pair) => this.#pool.release(formatPair(pair)),
    }
    return this.#engines.during(() => importFiles(base, inputs, resolved, importer))
  }

  /** The pair for an import, which does not wait for another process. */
  #writing<T>(pair: Pair, work: (database: PairDatabase) => Promise<T>): Promise<T> {
    return this.#pool.use(pair, (database) => {
      database.isWrittenHere = true
      return work(database)
    })
  }

  /** Ends what waits for a file that another process has. */
  close(): void {
    this.#lockWait.close()
  }

  async #candles(
    database: PairDatabase,
    timeframe: Timeframe,
    candles: readonly InsertRows['candles'][],
    /** How many of them wait by the bounds of live calls; an import has bounds of its own. */
    counted = 0,
  ): Promise<RowCounts> {
    if (!database.candles.includes(timeframe))
      throw notKept(database.name, database.candles, timeframe)
    const relation = rowRelation(candleRelation(timeframe))
    const counts = await database.rows.store(relation, candleRecords(candles), counted)
    if (counts.inserted + counts.replaced > 0)
      this.#events.tell('candlesStored', {
        pair: database.name,
        timeframe,
        counts,
        oldest: oldestOf(candles),
      })
    return counts
  }

  async #isStored(pair: Pair): Promise<boolean> {
    return (await sizeOf(pairFiles(this.#dataDir, pair).database)) !== undefined
  }

  /** A call that a new pair would refuse makes none. */
  async #refuseNew(pair: Pair, timeframe: Timeframe): Promise<void> {
    if (this.#newPairs.includes(timeframe)) return
    if (await this.#isStored(pair)) return
    throw notKept(formatPair(pair), this.#newPairs, timeframe)
  }

  /** What lies later than this is from the future. */
  #latest(): number {
    return this.#options.clock() + this.#options.maxFutureMs
  }
}

function oldestOf(candles: readonly InsertRows['candles'][]): number {
  return candles.reduce((oldest, each) => Math.min(oldest, each.timestamp), Infinity)
}

function notKept(pair: string, kept: readonly Timeframe[], timeframe: Timeframe): RangeError {
  return new RangeError(
    `${pair} keeps candles of ${kept.join(' ')}, not ${timeframe}: open the manager with the option \`candles\`, such as { candles: ['${timeframe}'] }`,
  )
}

/** An instrument of a file that is spread over pairs takes the place of the symbol. */
function pairOf(pair: Pair, instrument: string | undefined): Pair {
  return instrument === undefined ? pair : parsePair({ ...pair, symbol: instrument })
}
