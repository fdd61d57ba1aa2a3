import type { DuckDBConnection } from '@duckdb/node-api'
import { stat } from 'node:fs/promises'
import { removePart } from '../../../archive/archive-place.ts'
import { folderStart, partPath, type ArchivedRelation } from '../../../archive/part-path.ts'
import type { ArchiveStore } from '../../../archive/store/archive-store.ts'
import { PairduckError } from '../../../errors.ts'
import {
  forgetPart,
  movePart,
  notePart,
  readParts,
  type ArchivePart,
} from '../../file/archive-ledger.ts'
import type { PairDatabase } from '../../pool/pair-database.ts'
import { inTransaction } from '../../duckdb/transaction.ts'
import {
  copyRows,
  measureInOrder,
  measureRows,
  rowsOfFile,
  type PartRows,
  type RowsMeasure,
} from './rows-of-part.ts'

/** What a part is to be: its rows, and what they mean to the archive. Times in Unix µs. */
export interface PartPlan {
  readonly rows: PartRows
  /** Every row of [from, to); undefined: rows that came late. */
  readonly span: { readonly from: number; readonly to: number } | undefined
  /** In the transaction that makes the part count: false when the rows are not those of the part any more. */
  readonly commit: (connection: DuckDBConnection, measured: RowsMeasure) => Promise<boolean>
}

/** A part that counts now. */
export interface WrittenPart extends RowsMeasure {
  readonly bytes: number
}

/** Thrown inside a transaction that has to leave no trace. */
class RowsMoved extends Error {}

/**
 * How a part comes into an archive: it is noted in the pair's file, written as a draft, read back,
 * kept, and counts from the one transaction on that deletes its rows in the file. Whatever ends in
 * between leaves the rows where they were, and a note by which the next pass sweeps.
 */
export class ArchivePass {
  readonly database: PairDatabase
  readonly store: ArchiveStore

  constructor(database: PairDatabase, store: ArchiveStore) {
    this.database = database
    this.store = store
  }

  /** Removes what passes before this one left: parts that never counted, and those that ceased to. */
  async sweep(): Promise<number> {
    const parts = await this.read(async (connection) => ({
      writing: await readParts(connection, 'writing'),
      dropping: await readParts(connection, 'dropping'),
      kept: new Set((await readParts(connection, 'kept')).map(({ path }) => path)),
    }))
    for (const state of ['writing', 'dropping'] as const)
      for (const part of parts[state]) {
        if (!parts.kept.has(part.path)) await removePart(part, this.store)
        await this.database.writer.run((connection) => forgetPart(connection, part.path, state))
      }
    return parts.dropping.length
  }

  /** Writes a part beside the writer; undefined where there are no rows, or of several folders. Rows that come meanwhile make it begin again. */
  async write(plan: PartPlan): Promise<WrittenPart | undefined> {
    for (let attempt = 0; attempt < 3; attempt++) {
      const written = await this.#attempt(plan, (work) => this.read(work))
      if (written !== 'moved') return written
    }
    // They go on coming: with the writer standing still.
    return this.database.writer.run(async (connection) => {
      const written = await this.writeAlone(connection, plan)
      if (written === 'moved') throw new Error('rows moved under their only writer')
      return written
    })
  }

  /** The same on the writer's own connection, within a job of the writer. */
  writeAlone(
    connection: DuckDBConnection,
    plan: PartPlan,
  ): Promise<WrittenPart | 'moved' | undefined> {
    return this.#attempt(
      plan,
      (work) => work(connection),
      (work) => work(connection),
    )
  }

  async read<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const connection = await this.database.acquireReader()
    try {
      return await this.database.budget.read(() => work(connection))
    } finally {
      await this.database.releaseReader(connection, { reuse: true })
    }
  }

  async #attempt(
    plan: PartPlan,
    reading: <T>(work: (connection: DuckDBConnection) => Promise<T>) => Promise<T>,
    writing: <T>(work: (connection: DuckDBConnection) => Promise<T>) => Promise<T> = (work) =>
      this.database.writer.run(work),
  ): Promise<WrittenPart | 'moved' | undefined> {
    const found = await reading((connection) => measureInOrder(connection, plan.rows))
    if (found === undefined) return undefined
    const { measured } = found
    // A row came in for an earlier day: who planned this has to plan anew.
    const { relation } = plan.rows
    if (folderStart(relation, measured.first) !== folderStart(relation, measured.last))
      return undefined
    const part = await this.#partOf(plan, measured, reading)
    await writing((connection) => notePart(connection, part))
    const bytes = await reading((connection) => this.#bring(connection, plan.rows, part, found))
    if (bytes !== undefined) {
      const counts = await writing((connection) =>
        this.#commit(connection, plan, { part, measured, bytes }),
      )
      if (counts) return { ...measured, bytes }
    }
    await removePart(part, this.store)
    await writing((connection) => forgetPart(connection, part.path, 'writing'))
    return 'moved'
  }

  async #partOf(
    { rows: { relation }, span }: PartPlan,
    measured: RowsMeasure,
    reading: <T>(work: (connection: DuckDBConnection) => Promise<T>) => Promise<T>,
  ): Promise<ArchivePart> {
    const { first, last, rows, digest } = measured
    const day = folderStart(relation, first)
    const late =
      span === undefined
        ? await reading((connection) => nextLateNumber(connection, relation, day))
        : undefined
    const name = { relation, day, first, last, rows, digest, ...(late !== undefined && { late }) }
    return {
      relation,
      path: partPath(this.database.pair, name),
      place: this.store.place,
      from: span?.from ?? null,
      to: span?.to ?? null,
      first,
      last,
      rows,
      bytes: 0,
    }
  }

  /** Draft, read back, kept; the bytes, or undefined when other rows were there than were measured. */
  async #bring(
    connection: DuckDBConnection,
    rows: PartRows,
    part: ArchivePart,
    { measured, inOrder }: { readonly measured: RowsMeasure; readonly inOrder: boolean },
  ): Promise<number | undefined> {
    const draft = await this.store.draft(part.path)
    await copyRows(connection, rows, { file: draft, inOrder })
    const found = await measureRows(connection, rowsOfFile(part.relation, draft))
    if (found?.rows !== measured.rows) return undefined
    if (found.digest !== measured.digest)
      throw new PairduckError(
        'IO_FAILED',
        `${this.database.name}: what was written to ${part.path} reads back otherwise; nothing was deleted`,
        { path: part.path },
      )
    const { size } = await stat(draft)
    await this.store.keep(draft, part.path)
    return size
  }

  async #commit(
    connection: DuckDBConnection,
    plan: PartPlan,
    { part, measured, bytes }: { part: ArchivePart; measured: RowsMeasure; bytes: number },
  ): Promise<boolean> {
    try {
      await inTransaction(connection, async () => {
        await movePart(connection, part.path, { from: 'writing', to: 'kept', bytes })
        if (!(await plan.commit(connection, measured))) throw new RowsMoved()
      })
      return true
    } catch (error) {
      if (error instanceof RowsMoved) return false
      throw error
    }
  }
}

async function nextLateNumber(
  connection: DuckDBConnection,
  relation: ArchivedRelation,
  day: number,
): Promise<number> {
  const parts = await readParts(connection, 'kept')
  const numbers = parts
    .filter((part) => part.relation === relation && part.to === null)
    .filter(({ first }) => folderStart(relation, first) === day)
    .map(({ path }) => Number(/-(\d+)\.parquet$/.exec(path)?.[1] ?? 0))
  return Math.max(0, ...numbers) + 1
}
