import { readFile, rename, stat } from 'node:fs/promises'
import type { RetentionRules } from '../../schema/retention-policy.ts'
import type { Relation } from '../../schema/tables.ts'
import type { Marks } from './marks.ts'
import { writeDurably } from './write-durably.ts'

/** What a relation held. */
export interface RelationState {
  readonly rows: number
  readonly oldest: number | null
  readonly newest: number | null
  /** Gaps that are filled, zones that are broken: a cleanup deletes them whatever their age. */
  readonly ended?: number
}

/**
 * What a pair's file held when it was last checkpointed by us or closed: kept outside the file,
 * because a WAL that was cut while the file was closed opens without a word.
 */
export interface PairState {
  readonly schemaVersion: number
  /** True after a close, false while the file is open or after a crash. */
  readonly clean: boolean
  /** Retention's mark of the ticks: with another one the row counts cannot be compared. */
  readonly deletedBefore: number | null
  /** All of retention's marks; absent where an older version wrote the file. */
  readonly marks?: Marks
  /** The retention rules that the file holds; absent where an older version wrote the state. */
  readonly retention?: RetentionRules
  readonly relations: Readonly<Partial<Record<Relation, RelationState>>>
  /** What the file had held when it was found to have lost rows: kept until they are back, or a repair. */
  readonly lost?: PairState
  /** Where the pair's writer stood; only after a close. */
  readonly writer?: WriterMarks
  /** The sequence of the last record of each commit log that the file has; only after a close. */
  readonly logs?: Readonly<Record<string, number>>
  /** Proves that the state speaks of the file that lies beside it: see sealed-state.ts. */
  readonly seal?: string
}

/** What a pair's writer has to know before its first commit; times in µs, null for before all time. */
export interface WriterMarks {
  readonly newest: number | null
  readonly maxId: string
  readonly rolledUntil: number | null
  readonly unrolled: number
  readonly deletedBefore: number | null
  readonly decidableFrom: number | null
  readonly analyzedUntil: number | null
}

/** Written whole or not at all: to a name of its own, then renamed. */
export async function writeState(file: string, state: PairState): Promise<void> {
  const draft = `${file}.${process.pid}.draft`
  // Renamed unsynced it could be empty after a power loss.
  await writeDurably(draft, `${JSON.stringify(state, null, 2)}\n`)
  await rename(draft, file)
}

/**
 * Undefined when there is none, or none that can be read: it is a second witness, not the truth.
 * Whatever else bears its name is not read: a pipe would be waited for without end.
 */
export async function readState(file: string): Promise<PairState | undefined> {
  try {
    const found = await stat(file)
    if (!found.isFile() || found.size > maxStateBytes) return undefined
    const state: unknown = JSON.parse(await readFile(file, 'utf8'))
    return isState(state) ? state : undefined
  } catch {
    return undefined
  }
}

/** Ours have a few kilobytes. */
const maxStateBytes = 1_000_000

function isState(state: unknown): state is PairState {
  if (!isObject(state) || !isObject(state['relations'])) return false
  const { deletedBefore, marks, lost } = state
  return (
    (lost === undefined || isState(lost)) &&
    Object.values(state['relations']).every((relation) => isRelationState(relation)) &&
    (typeof deletedBefore === 'number' || deletedBefore === null || deletedBefore === undefined) &&
    (marks === undefined ||
      (isObject(marks) && Object.values(marks).every((mark) => typeof mark === 'number')))
  )
}

function isRelationState(relation: unknown): boolean {
  if (!isObject(relation) || !Number.isSafeInteger(relation['rows'])) return false
  return [relation['oldest'], relation['newest']].every(
    (time) => typeof time === 'number' || time === null || time === undefined,
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
