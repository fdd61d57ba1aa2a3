import type { Tick } from '../../../schema/rows.ts'
import type { RetentionRules } from '../../../schema/retention-policy.ts'
import { microsFromMs } from '../../../time.ts'
import { TickBatch } from '../../write/tick-batch.ts'
import { CheckedTicks } from '../../write/checked-ticks.ts'
import type { TickColumns } from '../../write/tick.ts'
import type { WriterState } from '../../write/writer-state.ts'
import type { InsertCounts } from '../../events/outcomes.ts'
import type { PairDatabase } from '../../pool/pair-database.ts'

/** Statements of a few thousand values are parsed fast. */
const rowsOfStatement = 1000
/** A pass may move the mark while a call waits for its commit; ticks this near to it may be late then. */
const nearMicros = 3_600_000_000

/**
 * Stores ticks through the pair's writer. Of a pair that archives its ticks those that are `expired`
 * are set aside, durably, before this resolves: the next pass looks in the archive whether they are new.
 */
export function insertOrSetAside(
  database: PairDatabase,
  ticks: readonly Tick[] | TickColumns | CheckedTicks,
  insert: () => Promise<InsertCounts>,
): Promise<InsertCounts> {
  return mayBeSetAside(database.rules, database.writer.ticks.state, ticks)
    ? insertAndSetAside(database, ticks, insert)
    : insert()
}

/** Whether some of the ticks may be too old for the file and not for the archive. */
export function mayBeSetAside(
  rules: RetentionRules,
  { decidableFrom }: Pick<WriterState, 'decidableFrom'>,
  ticks: readonly Tick[] | TickColumns | CheckedTicks,
): boolean {
  return rules.ticks?.then === 'archive' && isAnyBefore(ticks, decidableFrom + nearMicros)
}

async function insertAndSetAside(
  database: PairDatabase,
  ticks: readonly Tick[] | TickColumns | CheckedTicks,
  insert: () => Promise<InsertCounts>,
): Promise<InsertCounts> {
  const { ticks: store } = database.writer
  const { deletedBefore } = store.state
  // Callers may use their arrays again before this is answered.
  const copy = new TickBatch()
  const inserting = insert()
  if (ticks instanceof CheckedTicks) copy.adopt(ticks)
  else copy.append(ticks, Infinity)
  const counts = await inserting
  if (counts.expired === 0) return counts
  const late: number[] = []
  for (let row = 0; row < copy.length; row++) {
    const micros = copy.micros[row]!
    // Near the mark a tick with an id may have been stored: the next pass finds it by that.
    const mayBeStored = copy.ids[row] !== null && micros < store.state.decidableFrom
    if (micros < deletedBefore || mayBeStored) late.push(row)
  }
  await database.writer.run(async (connection) => {
    for (let at = 0; at < late.length; at += rowsOfStatement) {
      const values = late.slice(at, at + rowsOfStatement).map((row) => valuesOf(copy, row))
      await connection.run(`INSERT INTO pairduck_late_ticks VALUES ${values.join(', ')}`)
    }
  })
  return counts
}

function isAnyBefore(ticks: readonly Tick[] | TickColumns | CheckedTicks, micros: number): boolean {
  if (ticks instanceof CheckedTicks) return ticks.micros.some((each) => each < micros)
  const isBefore = (ms: unknown): boolean => microsFromMs(ms as number) < micros
  if (Array.isArray(ticks))
    return (ticks as readonly Tick[]).some((tick) => isBefore(tick?.timestamp))
  const times = (ticks as TickColumns).timestamp
  for (let row = 0; row < times.length; row++) if (isBefore(times[row])) return true
  return false
}

function valuesOf(batch: TickBatch, row: number): string {
  const id = batch.ids[row]!
  const side = batch.side[row] === 0 ? 'BUY' : 'SELL'
  return `(make_timestamp(${batch.micros[row]!}), ${batch.price[row]!.toExponential()}::DOUBLE,
    ${batch.volume[row]!.toExponential()}::DOUBLE, '${side}', ${id === null ? 'NULL' : `'${id.replaceAll(`'`, `''`)}'`})`
}
