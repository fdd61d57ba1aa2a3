import type { ArchivedRelation } from '../../../archive/part-path.ts'
import type { ArchiveStore } from '../../../archive/store/archive-store.ts'
import type { Relation } from '../../../schema/tables.ts'
import { microsFromMs } from '../../../time.ts'
import { fromDuckDb } from '../../duckdb/duckdb-errors.ts'
import { inTransaction } from '../../duckdb/transaction.ts'
import { Semaphore } from '../../duckdb/semaphore.ts'
import { movePart, readParts } from '../../file/archive-ledger.ts'
import type { PairDatabase } from '../../pool/pair-database.ts'
import type { Deletion } from '../retention-plan.ts'
import { mergeCandleParts } from '../../write/roll-up-ticks.ts'
import { archiveAged } from './archive-aged.ts'
import { ArchivePass } from './archive-pass.ts'
import { compactArchive } from './compact-archive.ts'
import { archiveLateTicks } from './late-ticks.ts'

/** What a pass brought into the archive. */
export interface ArchiveResult {
  /** The pair as text: `exchange/market/symbol`. */
  readonly pair: string
  /** Rows that are in the archive now and no longer in the file; of candles pieces of bars. */
  readonly archived: Readonly<Partial<Record<Relation, number>>>
  /** Ticks that had come too late for their part and are in the archive now. */
  readonly late: number
  /** Such ticks whose id the archive had already. */
  readonly lateDuplicates: number
  /** Parts that were merged with others of their day. */
  readonly merged: number
  /** Parts that the archive's own retention took. */
  readonly expired: number
  /** Parts, rows and bytes of the pair's archive now. */
  readonly held: { readonly parts: number; readonly rows: number; readonly bytes: number }
}

/** What of a pair is to be archived. */
export interface ArchivePlan {
  readonly relations: readonly { readonly relation: ArchivedRelation; readonly before: number }[]
  /** Parts whose rows are all older than this Unix ms are removed from the archive. */
  readonly dropBefore: number | undefined
  /** Every closed day with several parts is made one part. */
  readonly compact: boolean
}

/** The archive of a manager. */
export interface ManagedArchive {
  readonly store: ArchiveStore
  /** How long the archive keeps rows, in ms. */
  readonly keepMs: number | 'forever'
}

/** What a cleanup's plan says of the archive. */
export function archivePlan(
  deletions: readonly Deletion[],
  { keepMs }: ManagedArchive,
  now: number,
): ArchivePlan {
  return {
    relations: deletions.flatMap(({ relation, before, archive }) =>
      archive === true && before !== undefined
        ? [{ relation: relation as ArchivedRelation, before }]
        : [],
    ),
    dropBefore: keepMs === 'forever' ? undefined : now - keepMs,
    compact: false,
  }
}

/** One pass at a time in each file: two would sweep each other's drafts. */
const turns = new WeakMap<PairDatabase, Semaphore>()

/**
 * Archives what a plan says, whole days (or hours) that are closed; see {@link ArchivePass} for what
 * a crash leaves. Late ticks first, so that their candles go with the others.
 */
export function archiveDatabase(
  database: PairDatabase,
  store: ArchiveStore,
  plan: ArchivePlan,
): Promise<ArchiveResult> {
  let turn = turns.get(database)
  if (turn === undefined) turns.set(database, (turn = new Semaphore(1)))
  return turn
    .run(() => archive(new ArchivePass(database, store), plan))
    .catch((error: unknown) => {
      throw fromDuckDb(error, `${database.name}: archive ${store.place}`, 'IO_FAILED')
    })
}

async function archive(pass: ArchivePass, plan: ArchivePlan): Promise<ArchiveResult> {
  const { database } = pass
  await pass.sweep()
  const late = await archiveLateTicks(pass)
  await prepare(pass, plan)
  const archived: Partial<Record<Relation, number>> = {}
  for (const { relation, before } of plan.relations) {
    const rows = await archiveAged(pass, relation, microsFromMs(before))
    if (rows > 0) archived[relation] = rows
  }
  const merged = await compactArchive(pass, plan.compact)
  const expired = plan.dropBefore === undefined ? 0 : await dropOld(pass, plan.dropBefore)
  const held = await pass.read((connection) => readParts(connection, 'kept'))
  const sum = (of: 'rows' | 'bytes'): number => held.reduce((total, part) => total + part[of], 0)
  return {
    pair: database.name,
    archived,
    late: late.stored,
    lateDuplicates: late.duplicates,
    merged,
    expired,
    held: { parts: held.length, rows: sum('rows'), bytes: sum('bytes') },
  }
}

/** The file is to be archived up to there: all of it is in the candle parts, one of each bar. */
async function prepare(pass: ArchivePass, { relations }: ArchivePlan): Promise<void> {
  if (relations.length === 0) return
  const { writer } = pass.database
  const { ticks } = writer
  const before = Math.max(...relations.map((each) => microsFromMs(each.before)))
  await writer.run(async (connection) => {
    await ticks.rollUp(ticks.rollTarget(before))
    await inTransaction(connection, () => mergeCandleParts(connection))
  })
}

async function dropOld(pass: ArchivePass, beforeMs: number): Promise<number> {
  const before = microsFromMs(beforeMs)
  const old = (await pass.read((connection) => readParts(connection, 'kept'))).filter(
    ({ last, to }) => (to ?? last + 1) <= before,
  )
  if (old.length === 0) return 0
  await pass.database.writer.run((connection) =>
    inTransaction(connection, async () => {
      for (const { path } of old) await movePart(connection, path, { from: 'kept', to: 'dropping' })
    }),
  )
  await pass.sweep()
  return old.length
}
