import { PairduckError } from '../../errors.ts'
import { formatPair, type Pair } from '../../pair.ts'
import { RepeatingTask } from './repeating-task.ts'
import type { RetentionRules } from '../../schema/retention-policy.ts'
import type { Clock } from '../../time.ts'
import type { ConnectionPool } from '../pool/connection-pool.ts'
import type { UseOptions } from '../pool/pool-slot.ts'
import type { BlockSize } from '../duckdb/block-size.ts'
import type { Engine } from '../duckdb/engine.ts'
import type { Events } from '../events/events.ts'
import type { CleanupResult } from '../events/outcomes.ts'
import { resolveCleanupTimerOptions, type CleanupRules } from './cleanup-options.ts'
import { notCleaned, passOf, type CleanupPass } from './cleanup-pass.ts'
import { planClosed } from './closed-plan.ts'
import { blocksOf, compactFile, isMostlyFree, minWasteBytes } from './compact-file.ts'
import { fromDuckDb, withCode } from '../duckdb/duckdb-errors.ts'
import { cleanupDatabase } from './pair-cleanup.ts'
import type { ArchiveResult, ManagedArchive } from './archive/archive-pair.ts'
import {
  archiveAsAsked,
  resolveArchiveOptions,
  type ArchiveOptions,
} from './archive/archive-options.ts'
import type { PairDatabase } from '../pool/pair-database.ts'
import { listPairs, type OnSkipped } from '../file/list-pairs.ts'
import { blockSizeFor } from '../file/block-size-for.ts'
import { pairFiles, sizeOf, refuseMissing } from '../file/pair-files.ts'
import { reading } from './reading.ts'
import type { Deletion } from './retention-plan.ts'
import { reopenPast, type ReopenOptions, type ReopenReport } from './reopen-past.ts'
import {
  repackPair,
  resolveRepackOptions,
  type RepackOptions,
  type RepackReport,
} from './repack.ts'
import { repairFiles, type RepairReport } from './repair.ts'
import {
  resolveSnapshotOptions,
  snapshotDatabase,
  type SnapshotOptions,
  type SnapshotReport,
} from './snapshot.ts'
import { resolveSignalOptions, type SignalOptions } from '../pool/lease-options.ts'
import { orAborted } from '../../until-aborted.ts'
import { verifyDatabase, type VerifyReport } from './verify.ts'

/** What of a manager's options the jobs on whole files follow. */
export interface UpkeepOptions {
  readonly clock: Clock
  readonly retention: RetentionRules
  readonly archive: ManagedArchive | undefined
  readonly acquireTimeoutMs: number
}

/** The jobs on whole files: cleanup, snapshot, verify, repack, repair. */
export class Maintenance {
  readonly #dataDir: string
  readonly #options: UpkeepOptions
  readonly #pool: ConnectionPool
  readonly #engine: Engine
  readonly #events: Events
  readonly #leaseholders: (name: string) => readonly string[]
  /** Cleans all pairs, table by table as its policy says. */
  readonly timer: RepeatingTask

  constructor(of: {
    dataDir: string
    options: UpkeepOptions
    pool: ConnectionPool
    engine: Engine
    events: Events
    leaseholders: (name: string) => readonly string[]
  }) {
    this.#dataDir = of.dataDir
    this.#options = of.options
    this.#pool = of.pool
    this.#engine = of.engine
    this.#events = of.events
    this.#leaseholders = of.leaseholders
    this.timer = new RepeatingTask(
      (signal) =>
        this.cleanupAllPairs({ now: undefined, dueOnly: true, signal, keep: {}, dryRun: false }),
      (error) => of.events.tell('error', { error }),
    )
  }

  async listPairs(options?: SignalOptions, onSkipped?: OnSkipped): Promise<Pair[]> {
    const { signal } = resolveSignalOptions('listPairs', options)
    const tell: OnSkipped = (skipped) => {
      this.#events.tell('error', skipped)
      onSkipped?.(skipped)
    }
    return orAborted('listPairs', signal, () => listPairs(this.#dataDir, tell, signal))
  }

  startTimer(options: object | undefined): void {
    this.timer.start(resolveCleanupTimerOptions(options).everyMs)
  }

  async cleanupPair(
    pair: Pair,
    { now = this.#options.clock(), dueOnly, keep, dryRun }: CleanupRules,
    deletions?: readonly Deletion[],
  ): Promise<CleanupResult> {
    let mostlyFree: BlockSize | undefined
    const result = await this.onFile(
      pair,
      async (database) => {
        const cleaned = await cleanupDatabase(
          database,
          { now, dueOnly, keep, dryRun, deletions, archive: this.#options.archive },
          () => this.#leaseholders(database.name),
        )
        const { wal } = database
        if (!dryRun && cleaned.bytesAfter > minWasteBytes && wal.mayHaveHoles) {
          wal.mayHaveHoles = false
          let isHollow = true
          try {
            isHollow = await reading(database, isMostlyFree)
          } finally {
            // Where it could not be asked, or is in use now, the next pass comes by again.
            if (isHollow) wal.mayHaveHoles = true
          }
          if (isHollow) mostlyFree = blockSizeFor(database.rules)
        }
        return cleaned
      },
      { renews: false },
    ).catch((error: unknown) => {
      throw fromDuckDb(error, formatPair(pair), 'QUERY_FAILED')
    })
    return mostlyFree === undefined ? result : this.#compact(pair, result, mostlyFree)
  }

  /** When nobody uses the pair just now. */
  async #compact(pair: Pair, result: CleanupResult, blockSize: BlockSize): Promise<CleanupResult> {
    const files = pairFiles(this.#dataDir, pair)
    try {
      await this.#pool.whileClosed(
        result.pair,
        () => compactFile(files, this.#engine, blockSize),
        'compaction',
      )
    } catch (error) {
      if (PairduckError.is(error, 'PAIR_LOCKED')) return result
      // The rows are deleted all the same, and the file is as it was: a full disk has no room for a copy.
      const { code, message } = fromDuckDb(error, result.pair, 'QUERY_FAILED')
      return { ...result, skipped: `space not given back: ${code}: ${message}` }
    }
    return { ...result, bytesAfter: (await sizeOf(files.database)) ?? 0 }
  }

  async cleanupAllPairs(rules: CleanupRules): Promise<CleanupPass> {
    const started = performance.now()
    const results: CleanupResult[] = []
    const unreadable: string[] = []
    const pairs = await this.listPairs({ signal: undefined }, ({ pair, error }) => {
      if (pair === undefined) unreadable.push(`${error.code}: ${error.message}`)
      else results.push(notCleaned(pair, error))
    })
    for (const pair of pairs) {
      if (rules.signal?.aborted === true) break
      results.push(await this.#cleanupOne(pair, rules))
    }
    const pass = passOf(results, unreadable, performance.now() - started)
    if (!rules.dryRun) this.#events.tell('cleanupDone', pass)
    this.#pool.closeIdle()
    return pass
  }

  archivePair(pair: Pair, options: ArchiveOptions | undefined): Promise<ArchiveResult> {
    const asked = resolveArchiveOptions(options)
    return this.onFile(pair, (database) => archiveAsAsked(database, asked, this.#options))
  }

  async reopenPast(pair: Pair, options: ReopenOptions | undefined): Promise<ReopenReport> {
    return this.onFile(pair, (database) => reopenPast(database, options, this.#options.clock()))
  }

  snapshot(
    pair: Pair,
    file: string,
    options: SnapshotOptions | undefined,
  ): Promise<SnapshotReport> {
    const { compact } = resolveSnapshotOptions(options)
    return this.onFile(pair, (database) =>
      snapshotDatabase(database, this.#engine, { file, compact, dataDir: this.#dataDir }),
    )
  }

  async repack(pair: Pair, options: RepackOptions | undefined): Promise<RepackReport> {
    const { blockSize } = resolveRepackOptions(options)
    const known = await this.onFile(pair, async (database) => ({
      pair: database.name,
      rules: database.rules,
      blockSize: (await reading(database, blocksOf)).blockSize,
    }))
    return repackPair(known, pairFiles(this.#dataDir, pair), blockSize, {
      pool: this.#pool,
      engine: this.#engine,
      timeoutMs: this.#options.acquireTimeoutMs,
    }).catch((error: unknown) => {
      throw fromDuckDb(error, known.pair, 'IO_FAILED')
    })
  }

  async verify(
    pair: Pair,
    options?: SignalOptions,
    look?: (database: PairDatabase) => void,
  ): Promise<VerifyReport> {
    const { signal } = resolveSignalOptions('verify', options)
    const verify = async (database: PairDatabase): Promise<VerifyReport> => {
      look?.(database)
      return verifyDatabase(database, signal)
    }
    try {
      return await orAborted(`${formatPair(pair)}: verify`, signal, () =>
        this.onFile(pair, verify, { signal }),
      )
    } catch (error) {
      if (!PairduckError.is(error, 'PAIR_CORRUPT')) throw error
      return { pair: formatPair(pair), ok: false, problems: [error.message], rows: {} }
    }
  }

  async repair(pair: Pair): Promise<RepairReport> {
    const opened: PairDatabase[] = []
    const before = await this.verify(pair, undefined, (database) => opened.push(database))
    if (before.ok) return { pair: before.pair, action: 'none', problems: [], rows: before.rows }
    const files = pairFiles(this.#dataDir, pair)
    const now = this.#options.clock()
    const known = { problems: before.problems, opened: opened[0] }
    const report = await this.#pool
      .whileClosed(before.pair, () => repairFiles(pair, files, known, now), 'repair')
      .catch((error: unknown) => {
        throw fromDuckDb(error, before.pair, 'IO_FAILED')
      })
    if (report.quarantine !== undefined)
      this.#events.tell('pairQuarantined', { pair: before.pair, folder: report.quarantine })
    return report
  }

  /** One pair of a pass: whatever stands in its way is told in its result and stops nobody else. */
  async #cleanupOne(pair: Pair, rules: CleanupRules): Promise<CleanupResult> {
    const name = formatPair(pair)
    const { resting } = this.#pool
    const wasOurs = this.#pool.isOpen(name) || resting.has(name)
    try {
      const deletions =
        this.#pool.isOpen(name) || resting.isBehind(name)
          ? undefined
          : await planClosed(pairFiles(this.#dataDir, pair), rules, this.#options)
      if (deletions === 'nothing') {
        const bytes = (await sizeOf(pairFiles(this.#dataDir, pair).database)) ?? 0
        return { pair: name, deleted: {}, bytesBefore: bytes, bytesAfter: bytes }
      }
      return await this.cleanupPair(pair, rules, deletions)
    } catch (error) {
      // Another process at work is no error.
      if (!PairduckError.is(error, 'PAIR_LOCKED')) this.#events.tell('error', { pair: name, error })
      return notCleaned(name, error)
    } finally {
      // What only the cleanup opened is given free at once for other processes.
      if (!wasOurs) await this.#pool.release(name)
    }
  }

  /** Work on a pair that has files; a pair that has none is not made by looking at it. */
  async onFile<T>(
    pair: Pair,
    work: (database: PairDatabase) => Promise<T>,
    options?: UseOptions,
  ): Promise<T> {
    try {
      await refuseMissing(pair, pairFiles(this.#dataDir, pair))
      return await this.#pool.use(
        pair,
        async (database) => {
          await database.writer.applied()
          return work(database)
        },
        options,
      )
    } catch (error) {
      const coded = withCode(error, formatPair(pair))
      // A caller's own signal is told outside: here the closing of the pairs has interrupted it.
      if (this.#pool.closing && PairduckError.is(coded, 'ABORTED'))
        throw new PairduckError('CLOSED', `${formatPair(pair)}: ended by closing`, { cause: error })
      throw coded
    }
  }
}
