import { PairduckError } from '../../errors.ts'
import type { Query } from '../../queries/query.ts'
import { maxTimerMs } from '../../time.ts'
import { copyOfBatch, type ColumnBatch, type StreamColumn } from '../duckdb/column-batch.ts'
import type { BatchSource } from '../duckdb/stream-batches.ts'
import { tellTurns, turnsOf } from '../duckdb/turns.ts'
import type { Lease } from './lease.ts'

/**
 * The rows of a query, batch by batch, each read when it is asked for: `for await (const batch of
 * stream)`. Leaving the loop, the end, an error, the signal and the deadline all give the
 * connection back; who never begins the loop calls `close()`.
 */
export interface ColumnStream extends AsyncIterable<ColumnBatch> {
  /** Name and type of each column. */
  readonly columns: readonly StreamColumn[]
  /** Ends the query and gives its connection back. */
  close(): Promise<void>
}

/**
 * The batches of a stream for who is done with each before it asks for the second one after it: that
 * one is written over it. Of a stream that has no such memory they are the receiver's own.
 */
export function lentBatches(stream: ColumnStream): AsyncIterable<ColumnBatch> {
  return stream instanceof LeasedStream ? stream.lentAhead() : stream
}

interface ResolvedStreamOptions {
  readonly signal: AbortSignal | undefined
  readonly history: boolean
  readonly batchRows: number
  readonly timeoutMs: number
}

/** Opens a stream on a lease, and gives the lease back when the stream ends, or cannot begin. */
export async function openColumnStream(
  lease: Lease,
  query: Query<unknown>,
  options: ResolvedStreamOptions,
): Promise<ColumnStream> {
  const deadline = new Deadline(lease, query.name, options)
  try {
    const { signal } = deadline
    const opened = lease.streamBatches(query, { ...options, signal })
    return new LeasedStream(await deadline.orLate(opened), deadline)
  } catch (error) {
    await deadline.end()
    throw error
  }
}

class LeasedStream implements ColumnStream {
  readonly columns: readonly StreamColumn[]
  readonly #source: BatchSource
  readonly #deadline: Deadline

  constructor(source: BatchSource, deadline: Deadline) {
    this.columns = source.columns
    this.#source = source
    this.#deadline = deadline
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ColumnBatch, void, undefined> {
    try {
      for (;;) {
        const batch = await this.#next()
        if (batch === undefined) return
        yield copyOfBatch(batch)
      }
    } finally {
      await this.close()
    }
  }

  /** Reads one batch while the one before it is in use. */
  async *lentAhead(): AsyncGenerator<ColumnBatch, void, undefined> {
    try {
      let next = this.#next()
      for (;;) {
        const batch = await next
        if (batch === undefined) return
        next = this.#next()
        // Who leaves before it is asked for is not told of its failure.
        next.catch(() => undefined)
        yield batch
      }
    } finally {
      await this.close()
    }
  }

  #next(): Promise<ColumnBatch | undefined> {
    return this.#deadline.orLate(this.#source.next())
  }

  close(): Promise<void> {
    return this.#deadline.end()
  }
}

/** How long the engine has to let go of an interrupted statement, before the caller is told without it. */
const letGoMs = 1000

/** Gives a stream's lease back: at its end, or when its time is over, or when its signal says so. */
class Deadline {
  /** Ends what the stream waits for, its turn at the engine too. */
  readonly signal: AbortSignal
  readonly #lease: Lease
  readonly #name: string
  readonly #timeoutMs: number
  readonly #given: AbortSignal | undefined
  readonly #over = new AbortController()
  #timer: NodeJS.Timeout
  /** Rejects what is being read. */
  #giveUp: ((error: Error) => void) | undefined
  /** The engine is in the middle of a step that no interrupt ends: nobody waits for it. */
  #isStuck = false

  constructor(lease: Lease, name: string, { signal, timeoutMs }: ResolvedStreamOptions) {
    this.#lease = lease
    this.#name = name
    this.#timeoutMs = timeoutMs
    this.#given = signal
    // One that followed from the caller's would stay with that for as long as it lives (Node 20).
    this.signal = this.#over.signal
    if (signal?.aborted === true) this.#over.abort()
    const turns = turnsOf(signal)
    if (turns !== undefined) tellTurns(this.signal, turns)
    // A longer one would go off at once.
    this.#timer = setTimeout(() => this.#end(), Math.min(timeoutMs, maxTimerMs))
    this.#timer.unref()
    signal?.addEventListener('abort', this.#onAbort, { once: true })
  }

  async orLate<T>(reading: Promise<T>): Promise<T> {
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#giveUp = reject
        reading.then(resolve, reject)
      })
    } catch (error) {
      const subject = `${this.#lease.pair}: ${this.#name}`
      if (this.#given?.aborted === true)
        throw new PairduckError('ABORTED', `${subject} was aborted`, { cause: this.#given.reason })
      if (!this.#over.signal.aborted) throw error
      throw new PairduckError(
        'DEADLINE_EXCEEDED',
        `${subject} was not read to its end within ${this.#timeoutMs} ms (\`timeoutMs\`)`,
        { cause: error, timeoutMs: this.#timeoutMs },
      )
    }
  }

  async end(): Promise<void> {
    clearTimeout(this.#timer)
    this.#given?.removeEventListener('abort', this.#onAbort)
    const released = this.#lease.release()
    if (!this.#isStuck) await released
  }

  #end(): void {
    clearTimeout(this.#timer)
    this.#over.abort()
    void this.#lease.release()
    this.#timer = setTimeout(() => {
      this.#isStuck = true
      this.#giveUp?.(new Error('the engine is in a step that no interrupt ends'))
    }, letGoMs)
    this.#timer.unref()
  }

  readonly #onAbort = (): void => this.#end()
}
