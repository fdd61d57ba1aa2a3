import { PairduckError } from '../../errors.ts'
import { parsePair } from '../../pair.ts'
import { holdEvents, tellHeld, type Events } from '../events/events.ts'
import { fromDuckDb } from '../duckdb/duckdb-errors.ts'
import { LogBook } from '../log/log-book.ts'
import { logRoot } from '../log/place-logs.ts'
import { PairsNotClosed } from './close-together.ts'
import type { ConnectionPool } from './connection-pool.ts'

/** Pairs whose records are brought in at once. */
const atOnce = 4
const recoveredIdleMs = 1_000

/**
 * Brings what dead owners of the data directory left in their logs into the pairs' files, pair by
 * pair. A pair that cannot be opened keeps its records for whoever opens it later, which is told.
 */
export async function recoverPairs(
  logs: LogBook,
  pool: ConnectionPool,
  events: Events,
): Promise<void> {
  holdEvents(events)
  try {
    await openAll(await logs.inheritedPairs(), pool, events)
  } catch (error) {
    events.tell('error', { error })
  } finally {
    // When whoever opens the manager has had the time to listen.
    setImmediate(() => tellHeld(events))
  }
}

async function openAll(names: string[], pool: ConnectionPool, events: Events): Promise<void> {
  await forEachOf(names, pool, async (name) => {
    try {
      // Soon closed again for other processes, unless somebody here asks for it.
      await pool.use(parsePair(name), () => Promise.resolve(), { idleMs: recoveredIdleMs })
    } catch (error) {
      // Whoever holds it opened it, and so brought it in.
      if (!PairduckError.is(error, 'PAIR_LOCKED')) events.tell('error', { pair: name, error })
    }
  })
}

/** Does something with each of the pairs, a few at once. */
async function forEachOf(
  pairs: string[],
  pool: ConnectionPool,
  work: (pair: string) => Promise<void>,
): Promise<void> {
  const doNext = async (): Promise<void> => {
    for (let pair = pairs.pop(); pair !== undefined; pair = pairs.pop()) await work(pair)
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, pool.stats().max) }, doNext))
}

/**
 * Closes the pool, after another try for what is not in its file yet; then the log, which goes when
 * nothing is left in it. All failures are reported together, each pair's once: that it is still
 * behind says more than why its file could not be closed.
 */
export async function closeWithLogs(pool: ConnectionPool, logs: LogBook): Promise<void> {
  const causes = new Map<string, unknown>()
  await pool.resting.close()
  await forEachOf(logs.pairsWaiting(), pool, async (name) => {
    try {
      await pool.use(parsePair(name), (database) => database.writer.applied())
    } catch (error) {
      causes.set(name, error)
    }
  })
  const failures = new Map<string, unknown>()
  try {
    await pool.close()
  } catch (error) {
    if (!(error instanceof PairsNotClosed)) throw error
    for (const [name, failure] of error.failures) failures.set(name, failure)
  }
  for (const name of logs.pairsWaiting())
    failures.set(name, stillBehind(name, logs, causes.get(name) ?? failures.get(name)))
  const sorted = new Map([...failures].sort(([a], [b]) => (a < b ? -1 : 1)))
  const [log] = await Promise.allSettled([logs.log.close()])
  if (log.status === 'rejected') throw new PairsNotClosed(sorted, log)
  if (sorted.size > 0) throw new PairsNotClosed(sorted)
}

function stillBehind(pair: string, logs: LogBook, cause: unknown): PairduckError {
  const { ticks, rowCharacters } = logs.backlogOf(pair)
  const what = [
    ...(ticks > 0 ? [`${ticks} acknowledged ticks`] : []),
    ...(rowCharacters > 0 ? ['acknowledged rows of other tables'] : []),
  ].join(' and ')
  const { code, message } = fromDuckDb(
    cause ?? new Error('its file was closed before'),
    pair,
    'IO_FAILED',
  )
  return new PairduckError(
    code,
    `${message}; ${what} stay in the commit log and come into the file when it is next opened`,
    { cause, pair, ticks },
  )
}

/** The logs of a data directory; what the disk spoiled in one is told. */
export function openLogBook(dataDir: string, events: Events): LogBook {
  return new LogBook(logRoot(dataDir), (log, damages) => {
    for (const { file, from, to, records, proof } of damages)
      events.tell('error', {
        error: new PairduckError(
          'LOG_CORRUPT',
          proof === undefined
            ? `${file}: ${records ?? 'some'} acknowledged records between byte ${from} and ${to} cannot be read; all others are stored`
            : `${file}: ${proof}; what was acknowledged behind byte ${from} cannot be read; all other records are stored`,
          { log, file, from, to, records },
        ),
      })
  })
}
