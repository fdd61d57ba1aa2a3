import type { IncomingMessage } from 'node:http'
import { PairduckError } from '../../errors.ts'
import type { ColumnBatch, StreamColumn } from '../../storage/duckdb/column-batch.ts'
import type { ColumnStream } from '../../storage/pool/column-stream.ts'
import { readFrames, type Frame } from '../wire/batch-frames.ts'
import { lost } from '../wire/http-caller.ts'
import type { CallEnd } from './call-end.ts'

/** A stream of another process: the socket's own back-pressure tells it when to go on. */
export class RemoteStream implements ColumnStream {
  readonly columns: readonly StreamColumn[]
  readonly #body: IncomingMessage
  readonly #frames: AsyncGenerator<Frame, void, undefined>
  readonly #end: CallEnd

  private constructor(
    body: IncomingMessage,
    frames: AsyncGenerator<Frame, void, undefined>,
    { columns, end }: { columns: readonly StreamColumn[]; end: CallEnd },
  ) {
    this.#body = body
    this.#frames = frames
    this.columns = columns
    this.#end = end
  }

  /** Asks for it, and reads its head. */
  static async open(
    ask: (signal: AbortSignal | undefined) => Promise<IncomingMessage>,
    end: CallEnd,
  ): Promise<RemoteStream> {
    let body: IncomingMessage | undefined
    let columns: readonly StreamColumn[] = []
    try {
      body = await ask(end.signal)
      const frames = readFrames(body as AsyncIterable<Buffer>, () => columns)
      const { value } = await frames.next()
      if (value === undefined || !('columns' in value)) throw cutOff()
      columns = value.columns
      return new RemoteStream(body, frames, { columns, end })
    } catch (error) {
      end.leave()
      body?.destroy()
      throw lost(error, end.signal)
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ColumnBatch, void, undefined> {
    try {
      for (;;) {
        const { value } = await this.#frames.next()
        if (value === undefined) throw cutOff()
        if ('end' in value) return
        if ('batch' in value) yield value.batch
      }
    } catch (error) {
      throw lost(error, this.#end.signal)
    } finally {
      await this.close()
    }
  }

  async close(): Promise<void> {
    this.#end.leave()
    // Read to its end, the connection serves the next call; else it is of no use.
    if (!this.#body.complete) this.#body.destroy()
    await this.#frames.return()
  }
}

function cutOff(): PairduckError {
  return new PairduckError('CONNECTION_LOST', 'the answer ended before its rows did')
}
