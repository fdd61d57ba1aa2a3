import { createHash } from 'node:crypto'
import { constants, createGzip } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { PairduckError } from '../../errors.ts'
import { tooManyRows } from '../../storage/duckdb/too-many-rows.ts'
import type { PairLike } from '../../pair.ts'
import type { Query } from '../../queries/query.ts'
import type { ColumnBatch } from '../../storage/duckdb/column-batch.ts'
import type { MarketStore } from '../../storage/market-store.ts'
import { lentBatches, type ColumnStream } from '../../storage/pool/column-stream.ts'
import { isKnown, likesGzip } from './negotiation.ts'
import { goneOf } from '../safety/gone.ts'
import { MemoryLimit } from '../safety/memory-limit.ts'
import type { WatchedAnswer } from '../safety/watched-answer.ts'
import type { ParallelLimit } from '../safety/parallel-limit.ts'
import { withinTime } from '../safety/within-time.ts'
import type { ResolvedServeOptions } from '../options/serve-options.ts'
import { streamOfParts, type Parts } from '../../storage/export/part-stream.ts'
import type { RowFormat } from '../../storage/export/row-formats.ts'

/** How long a reader has to hear that its time is over, before its connection is. */
const graceMs = 500

/** One answer: whose it is, and what is asked in which form. */
export interface Asked {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly store: MarketStore
  readonly pair: PairLike
  readonly query: Query<unknown>
  /** Whether the archive is read too. Default false. */
  readonly history?: boolean
  readonly format: RowFormat
}

/**
 * Answers with the rows of a query, as they are read and no faster than they are taken: memory is
 * three batches, whatever the size. A client that goes away, or is slower than
 * `answerTimeoutMs`, costs its own connection and gives its lease back. One for which the engine
 * takes more than `maxMemoryBytes` is ended.
 */
export class Answers {
  readonly #options: ResolvedServeOptions
  readonly #limit: ParallelLimit
  readonly #memory: MemoryLimit

  constructor(options: ResolvedServeOptions, limit: ParallelLimit) {
    this.#options = options
    this.#limit = limit
    this.#memory = new MemoryLimit(options.maxMemoryBytes)
  }

  /** Keeps a place of the client's while `work` runs. */
  async within<T>(request: FastifyRequest, work: () => Promise<T>): Promise<T> {
    const leave = this.#limit.enter(clientOf(request))
    try {
      return await work()
    } finally {
      leave()
    }
  }

  /** The same for what is answered in time, or with `DEADLINE_EXCEEDED`; the signal tells that it is of no use any more. */
  async inTime<T>(request: FastifyRequest, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return this.onTime(request, (signal) => this.within(request, () => work(signal)))
  }

  /** In time without a place of the client's: for what is small, and asked for by the dozen. */
  onTime<T>(request: FastifyRequest, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const name = request.routeOptions.url ?? 'the question'
    const gone = goneOf(request)
    return withinTime(this.#options.answerTimeoutMs, name, (late) =>
      this.#memory.within(name, (watched) => work(watched.signalWith(gone, late))),
    )
  }

  async rows({
    request,
    reply,
    store,
    pair,
    query,
    history = false,
    format,
  }: Asked): Promise<FastifyReply> {
    const gone = goneOf(request)
    const leavePlace = this.#limit.enter(clientOf(request))
    const watched = this.#memory.watch(query.name)
    const leave = (): void => {
      watched.end()
      leavePlace()
    }
    try {
      const stream = await store.streamColumns(pair, query, {
        timeoutMs: this.#options.answerTimeoutMs,
        signal: watched.signalWith(gone),
        history,
        batchRows: format.batchRows,
      })
      const batches = this.#bounded(stream, watched)
      // The first batch before the head: what fails at once still gets a status of its own.
      const first = await batches.next()
      const second = first.done === true ? first : await batches.next()
      void reply.header('content-type', format.contentType)
      if (second.done === true) {
        const whole = format.text(
          stream.columns,
          only(first.done === true ? undefined : first.value),
        )
        leave()
        return await small(request, reply, whole)
      }
      // Nobody would begin to read it, and so nobody end it.
      if (gone.aborted) {
        await batches.return()
        throw new PairduckError('ABORTED', 'the client went away')
      }
      const body = format.text(
        stream.columns,
        from([first.value as ColumnBatch, second.value], batches),
      )
      const end = async (): Promise<void> => {
        leave()
        await batches.return()
      }
      this.#endEarly(reply, gone, end)
      // Its reader may not read on, and hold what it holds for as long as it may.
      watched.whenRefused(() => {
        reply.raw.destroy()
        void end().catch(() => undefined)
      })
      return sendStream(request, reply, withEnd(body, end))
    } catch (error) {
      leave()
      throw watched.whyEnded(error)
    }
  }

  /**
   * Ends an answer whose client goes away, or does not read on in time. One that waits behind others
   * of its connection hears nothing of the end of that, and nobody may have begun to read it.
   */
  #endEarly(reply: FastifyReply, gone: AbortSignal, end: () => Promise<void>): void {
    const endNow = (): void => void end().catch(() => undefined)
    gone.addEventListener('abort', endNow, { once: true })
    const late = setTimeout(() => {
      reply.raw.destroy()
      endNow()
    }, this.#options.answerTimeoutMs + graceMs)
    late.unref()
    reply.raw.once('close', () => clearTimeout(late))
  }

  /** Never a part for the whole: an answer that passes the bound is cut off as a broken one. */
  async *#bounded(
    stream: ColumnStream,
    watched: WatchedAnswer,
  ): AsyncGenerator<ColumnBatch, void, undefined> {
    let rows = 0
    try {
      for await (const batch of lentBatches(stream)) {
        rows += batch.rows
        this.refuseTooMany(rows)
        yield batch
      }
    } catch (error) {
      throw watched.whyEnded(error)
    }
  }

  /** The query, of which no more rows are made than an answer may have. */
  bounded<Row>(query: Query<Row>): Query<Row> {
    return { ...query, mostRows: this.#options.maxRows }
  }

  /** `REQUEST_REFUSED` for an answer of more rows than `maxRows`. */
  refuseTooMany(rows: number): void {
    if (rows > this.#options.maxRows) throw tooManyRows(this.#options.maxRows)
  }
}

/** Who asks, for limits: an address, or the one user of the local socket. */
function clientOf({ ip }: FastifyRequest): string {
  return ip || 'local'
}

/** A body that is there whole gets a length and a tag, by which the next one may be spared. */
async function small(
  request: FastifyRequest,
  reply: FastifyReply,
  text: Parts,
): Promise<FastifyReply> {
  const parts: Buffer[] = []
  for await (const part of text) parts.push(Buffer.from(part))
  const body = Buffer.concat(parts)
  const tag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`
  void reply.header('etag', tag).header('cache-control', 'no-cache')
  if (isKnown(request, tag)) return reply.code(304).send()
  return reply.send(body)
}

/** Sends a long body, compressed where the client takes it so. */
function sendStream(request: FastifyRequest, reply: FastifyReply, parts: Parts): FastifyReply {
  const source = streamOfParts(parts)
  // The connection may be gone before anything of it is read.
  reply.raw.once('close', () => source.destroy())
  if (!likesGzip(request, reply)) return reply.send(source)
  const zip = createGzip({ level: 1, flush: constants.Z_NO_FLUSH })
  source.once('error', (error) => zip.destroy(error))
  zip.once('close', () => source.destroy())
  void reply.header('content-encoding', 'gzip')
  return reply.send(source.pipe(zip))
}

async function* only(batch: ColumnBatch | undefined): AsyncGenerator<ColumnBatch, void, undefined> {
  if (batch !== undefined) yield batch
}

async function* from(
  first: readonly ColumnBatch[],
  rest: AsyncIterable<ColumnBatch>,
): AsyncGenerator<ColumnBatch, void, undefined> {
  yield* first
  yield* rest
}

/** Calls `end` when the parts end, however they do: also where they are given up before the first one. */
function withEnd<T>(parts: AsyncIterable<T>, end: () => Promise<void>): AsyncIterable<T> {
  const iterator = parts[Symbol.asyncIterator]()
  const next = async (): Promise<IteratorResult<T>> => {
    const part = await iterator.next()
    if (part.done === true) await end()
    return part
  }
  return {
    [Symbol.asyncIterator]: () => ({
      next: () =>
        next().catch(async (error: unknown) => {
          await end()
          throw error
        }),
      return: async (): Promise<IteratorResult<T>> => {
        try {
          await iterator.return?.()
        } finally {
          await end()
        }
        return { done: true, value: undefined }
      },
    }),
  }
}
