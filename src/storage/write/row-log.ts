import type { DuckDBConnection } from '@duckdb/node-api'
import type { BatchColumns } from '../duckdb/batch-function.ts'
import { readRows } from '../duckdb/read-rows.ts'
import type { Events } from '../events/events.ts'
import type { RowCounts } from '../events/outcomes.ts'
import { KnownKeys } from '../front/known-keys.ts'
import type { CommitLog } from '../log/commit-log.ts'
import type { LogGroup } from '../log/log-group.ts'
import type { FileApplier } from './file-applier.ts'
import { loggedText } from './logged-rows.ts'
import { microsOf, type RowRecord, type RowRelation } from './row-relation.ts'
import type { TickStore } from './tick-store.ts'
import { countRows, newestRows, readMark, upsertRows, type RowsOfCalls } from './upsert-rows.ts'

/** Longer ones are as cheap for the file. */
const mostCharacters = 1 << 20

const noTicks: BatchColumns = {
  length: 0,
  micros: new Float64Array(0),
  price: new Float64Array(0),
  volume: new Float64Array(0),
  side: new Uint8Array(0),
  ids: [],
}

/** What became of each of some calls. */
export type EndsOfCalls = readonly PromiseSettledResult<RowCounts>[]

/**
 * Stores rows of other tables than the ticks. Where memory tells what is stored (the newest candle again
 * and again, and the next one) they go to the log, as ticks do; else straight to the file, which
 * then tells memory.
 */
export class RowLog {
  readonly #pair: string
  readonly #log: CommitLog
  readonly #ticks: TickStore
  readonly #file: FileApplier
  readonly #events: Events
  readonly #known = new Map<string, KnownKeys>()
  /** The generation of the warm bars in which all of it is true: what may change stored bars may change rows. */
  #generation = -1

  constructor(of: {
    pair: string
    log: CommitLog
    ticks: TickStore
    file: FileApplier
    events: Events
  }) {
    this.#pair = of.pair
    this.#log = of.log
    this.#ticks = of.ticks
    this.#file = of.file
    this.#events = of.events
  }

  /**
   * Stores the rows of some calls, while nothing else is stored of the pair; with the group where
   * `isForFile` does not say otherwise.
   */
  async store(
    relation: RowRelation,
    calls: RowsOfCalls,
    of: { group: LogGroup; isForFile: (group: LogGroup) => boolean },
  ): Promise<EndsOfCalls> {
    const known = this.#knownOf(relation)
    if (known === undefined || of.isForFile(of.group)) return this.#toFile(relation, calls)
    const counts = this.#judge(relation, calls, known)
    if (counts === undefined) return this.#toFile(relation, calls)
    const rows = newestRows(relation, calls, known.mark)
    const ends = counts.map((value) => ({ status: 'fulfilled' as const, value }))
    if (rows.size === 0) return ends
    const text = loggedText({ relation: relation.name, rows: [...rows.values()] })
    if (text.length > mostCharacters) return this.#toFile(relation, calls)
    if (!this.#log.isClaimed(this.#pair)) return this.#claimFirst(relation, calls, of.isForFile)
    await this.#append(of.group, text, () => this.#remember(relation, rows))
    return ends
  }

  /** What memory tells of a relation; nothing where something else may have changed it. */
  #knownOf({ name }: RowRelation): KnownKeys | undefined {
    return this.#generation === this.#file.bars.generation ? this.#known.get(name) : undefined
  }

  #judge(relation: RowRelation, calls: RowsOfCalls, known: KnownKeys): RowCounts[] | undefined {
    // Any bar up to that of the newest tick may be there by its ticks.
    const ticked = relation.isOfTicks ? this.#ticks.state.newest : -Infinity
    return countRows(relation, calls, {
      mark: known.mark,
      isThere: (key, row) => {
        const micros = microsOf(row)
        const isThere = known.has(key, micros)
        return isThere === false && micros <= ticked ? undefined : isThere
      },
    })
  }

  /** With the next group, and judged anew: there is time in between. */
  async #claimFirst(
    relation: RowRelation,
    calls: RowsOfCalls,
    isForFile: (group: LogGroup) => boolean,
  ): Promise<EndsOfCalls> {
    await this.#log.claim(this.#pair)
    return new Promise((resolve) => {
      const commit = (group: LogGroup): void =>
        resolve(this.store(relation, calls, { group, isForFile }))
      this.#log.ready({ commit })
    })
  }

  #append(group: LogGroup, text: string, then: () => void): Promise<void> {
    const record = group.append(this.#pair, noTicks, text)
    return new Promise((resolve, reject) => {
      group.onEnd((error) => {
        if (error === undefined) {
          then()
          this.#file.add(record)
          resolve()
        } else {
          this.#events.tell('error', { pair: this.#pair, error })
          reject(error)
        }
      })
    })
  }

  #remember(relation: RowRelation, rows: ReadonlyMap<string | number, RowRecord>): void {
    const known = this.#knownOf(relation)
    for (const [key, row] of rows) known?.add(key, microsOf(row))
    if (!relation.isOfTicks) return
    // Bars in memory do not know of it, and those of coarser timeframes are made of it.
    this.#file.bars.drop()
    if (known !== undefined) this.#generation = this.#file.bars.generation
  }

  async #toFile(relation: RowRelation, calls: RowsOfCalls): Promise<EndsOfCalls> {
    const { bars } = this.#file
    const before = this.#generation === bars.generation ? this.#generation : undefined
    let generation = -1
    let read: KnownKeys | undefined
    const ends = await this.#file.run(async (connection) => {
      generation = bars.generation
      // The run itself is all that came between.
      if (generation - 1 !== before) this.#known.clear()
      const stored = await storeApart(connection, relation, calls)
      read = this.#known.get(relation.name) ?? (await readKnown(connection, relation))
      return stored
    })
    if (read === undefined || bars.generation !== generation) return ends
    this.#generation = generation
    this.#known.set(relation.name, read)
    const stored = calls.filter((_, call) => ends[call]!.status === 'fulfilled')
    for (const [key, row] of newestRows(relation, stored, read.mark)) read.add(key, microsOf(row))
    return ends
  }
}

/** What the file says of a relation; undefined where it does not, which its rows do not depend on. */
async function readKnown(
  connection: DuckDBConnection,
  { name, newestSql }: RowRelation,
): Promise<KnownKeys | undefined> {
  try {
    const mark = await readMark(connection, name)
    const [row] = await readRows<{ newest: number | null }>(
      connection,
      `SELECT epoch_us((${newestSql})) AS newest`,
    )
    return new KnownKeys({ mark, newest: row!.newest ?? -Infinity })
  } catch {
    return undefined
  }
}

/** Where calls cannot be stored together each is tried by itself: none fails for what another brought. */
async function storeApart(
  connection: DuckDBConnection,
  relation: RowRelation,
  calls: RowsOfCalls,
): Promise<EndsOfCalls> {
  try {
    const counts = await upsertRows(connection, relation, calls)
    return counts.map((value) => ({ status: 'fulfilled', value }))
  } catch (error) {
    if (calls.length === 1) throw error
    const ends: PromiseSettledResult<RowCounts>[] = []
    for (const rows of calls) {
      const [end] = await Promise.allSettled([upsertRows(connection, relation, [rows])])
      ends.push(end.status === 'fulfilled' ? { status: end.status, value: end.value[0]! } : end)
    }
    if (ends.every(({ status }) => status === 'rejected')) throw error
    return ends
  }
}
