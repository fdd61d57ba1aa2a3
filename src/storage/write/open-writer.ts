import type { DuckDBConnection } from '@duckdb/node-api'
import { PairduckError } from '../../errors.ts'
import type { Timeframe } from '../../time.ts'
import type { Engine } from '../duckdb/engine.ts'
import type { ThreadBudget } from '../duckdb/thread-budget.ts'
import type { Events } from '../events/events.ts'
import type { MemoryBudget } from '../front/memory-budget.ts'
import { WarmBars } from '../front/warm-bars.ts'
import type { LogBook, LogsOfPair } from '../log/log-book.ts'
import { FileApplier } from './file-applier.ts'
import type { KnownContent } from './known-content.ts'
import { FileMarks, trustMarks, type LogMarks } from './log-marks.ts'
import { recoverLogs } from './recover-logs.ts'
import { TickMemory } from './tick-memory.ts'
import { TickStore } from './tick-store.ts'
import type { WriterOptions } from './tick-line.ts'
import { TickWriter } from './tick-writer.ts'
import type { WalWatch } from './wal-watch.ts'
import type { WriterState } from './writer-state.ts'

/** What the writers of a manager share. */
export interface WriterContext {
  readonly engine: Engine
  readonly budget: ThreadBudget
  readonly events: Events
  readonly memory: MemoryBudget
  /** For the bars in memory. */
  readonly bars: MemoryBudget
  readonly logs: LogBook
  readonly writer: WriterOptions
}

/** The writer of a file that was just opened, and the file has all that any log holds for it. */
export async function openWriter(
  { engine, budget, events, memory, bars, logs, writer }: WriterContext,
  of: {
    pair: string
    connection: DuckDBConnection
    candles: readonly Timeframe[]
    state: WriterState
    known: KnownContent
    marks: LogMarks
    logs: LogsOfPair
    wal: WalWatch
    onInvalidated: (error: unknown) => Promise<void>
  },
): Promise<TickWriter> {
  const { pair, connection, wal, marks } = of
  const { inherited, logs: names } = of.logs
  const ticks = new TickStore({
    ...of,
    batches: engine.batches,
    memory: new TickMemory(memory, of.state),
    marks: new FileMarks(marks, names),
  })
  let file: FileApplier | undefined
  try {
    const { recovered, alike } = await recoverLogs(ticks, inherited, marks)
    if (recovered) await wal.measure()
    const { log } = logs
    const backlog = logs.backlogOf(pair)
    const warm = new WarmBars(bars)
    file = new FileApplier({ ...of, ticks, log, backlog, budget, events, bars: warm })
    const alikeToo = await file.recover(marks)
    if (marks.isDoubted) {
      await trustMarks(connection)
      ticks.forgetFile()
    }
    if (alike + alikeToo > 0)
      events.tell('error', { pair, error: countedAsStored(pair, alike + alikeToo) })
    file.wrote ||= recovered || marks.isDoubted
    await logs.settle(pair)
    return new TickWriter({ pair, log, ticks, file, budget, events, options: writer })
  } catch (error) {
    // It would try again on a connection that is closed.
    await file?.stop()
    await ticks.dispose()
    throw error
  }
}

function countedAsStored(pair: string, ticks: number): PairduckError {
  return new PairduckError(
    'PAIR_CORRUPT',
    `${pair}: ${ticks} ticks of the commit log that have no id are the same in all as stored ones and count as stored: the repaired file does not say whether it has them`,
    { ticks },
  )
}
