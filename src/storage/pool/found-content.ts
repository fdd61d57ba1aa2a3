import type { DuckDBConnection } from '@duckdb/node-api'
import type { RetentionRules } from '../../schema/retention-policy.ts'
import { candleRelation } from '../../schema/tables.ts'
import { schemaVersion } from '../../schema/migrations.ts'
import { timeframes, type Timeframe } from '../../time.ts'
import { migrate } from '../file/migrate.ts'
import type { PairFiles } from '../file/pair-files.ts'
import { findLoss, measureState, stateWith, type Loss } from '../file/pair-state.ts'
import { refuseStrange } from '../file/refuse-strange.ts'
import { bringBackRules, keepRules, readRules } from '../file/retention-rules.ts'
import type { SealedState } from '../file/sealed-state.ts'
import type { PairState } from '../file/state-file.ts'
import { KnownContent } from '../write/known-content.ts'
import { logMarks, readLogMarks, type LogMarks } from '../write/log-marks.ts'
import type { TickStore } from '../write/tick-store.ts'
import { readWriterState, stateOf, writtenState, type WriterState } from '../write/writer-state.ts'
import { emptyLog } from './open-files.ts'

/** What was found in a file when it was opened. */
export interface Found {
  readonly candles: readonly Timeframe[]
  readonly state: WriterState
  readonly marks: LogMarks
  readonly known: KnownContent
  /** Whether the state file was proved to tell all of it. */
  readonly isTold: boolean
  /** What it had lost by then. */
  readonly loss: Loss | undefined
  readonly rules: RetentionRules
  /** Whether it held the rules already that it was to have. */
  readonly isRuled: boolean
}

interface Opening {
  readonly name: string
  readonly alias: string
  readonly files: PairFiles
  /** What the state file says. */
  readonly before: PairState | undefined
  /** The same where it is proved to speak of the file, which is locked. */
  readonly proved: SealedState | undefined
  readonly isNew: boolean
  readonly hadWal: boolean
  readonly context: {
    readonly candles: readonly Timeframe[] | undefined
    readonly retention: RetentionRules
  }
}

/**
 * Brings a file that is locked to this package's schema and to its rules, and tells what it holds: by its state
 * file where that is proved to speak of it, and else by asking it, which takes more than twice as long as all
 * else of opening.
 */
export function findContent(connection: DuckDBConnection, of: Opening): Promise<Found> {
  return of.proved === undefined ? ask(connection, of) : tellBy(connection, of.proved, of)
}

async function tellBy(
  connection: DuckDBConnection,
  proved: SealedState,
  { context }: Opening,
): Promise<Found> {
  const { relations, marks, retention, writer, logs } = proved
  const kept = timeframes.filter((timeframe) => relations[candleRelation(timeframe)] !== undefined)
  const stored = { version: schemaVersion, candles: kept }
  const candles = await migrate(connection, context.candles, undefined, stored)
  const known = new KnownContent({ relations, marks })
  const isTold = candles.length === kept.length
  if (!isTold) known.forget()
  const ruled = await keepRules(connection, context.retention, retention)
  return {
    candles,
    known,
    isTold,
    state: stateOf(writer),
    marks: logMarks(Object.entries(logs)),
    loss: undefined,
    ...ruled,
  }
}

async function ask(
  connection: DuckDBConnection,
  { name, alias, files, before, isNew, hadWal, context }: Opening,
): Promise<Found> {
  const stored = isNew ? undefined : await refuseStrange(connection, name)
  if (hadWal) await emptyLog(connection, alias, files)
  const candles = await migrate(connection, context.candles, undefined, stored)
  const { state, ticks, deletedBefore } = await readWriterState(connection)
  const loss = await findLoss(connection, before, { ticks, deletedBefore })
  // An older file that was put in its place has older rules, and a new one has none.
  if (loss !== undefined) await bringBackRules(connection, loss.known)
  const ruled = await keepRules(connection, context.retention, await readRules(connection))
  const marks = await readLogMarks(connection)
  const known = new KnownContent(undefined)
  return { candles, state, marks, known, isTold: false, loss, ...ruled }
}

/** What a pair's state file says when its file is closed in order: what is known, and else what the file tells. */
export async function contentAtRest(
  connection: DuckDBConnection,
  {
    ticks,
    candles,
    rules,
  }: { ticks: TickStore; candles: readonly Timeframe[]; rules: RetentionRules },
): Promise<SealedState> {
  const { content } = ticks.known
  const applied = ticks.marks.applied ?? (await readLogMarks(connection)).applied
  return {
    ...(content === undefined
      ? await measureState(connection, candles, true)
      : stateWith(content, rules)),
    writer: writtenState(ticks.memory.lastState),
    logs: Object.fromEntries(applied),
  }
}
