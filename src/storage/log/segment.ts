import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { fdatasync, write } from 'node:fs'
import { dirname, join } from 'node:path'
import { syncFolder } from '../file/sync-folder.ts'
import { LiveRecords } from './log-entry.ts'

/** A segment is a multiple of it. */
export const pageBytes: number = 1 << 12

const zeros = Buffer.alloc(1 << 18)

/** The name of a segment; see {@link segmentNumber}. */
export function segmentName(number: number): string {
  return `${String(number).padStart(10, '0')}.log`
}

/** The number in a segment's name; undefined for another name. */
export function segmentNumber(name: string): number | undefined {
  const digits = /^(\d{10,})\.log$/.exec(name)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/**
 * A file of a log that records are appended to. It is filled with zeros before its first record, so that
 * a sync has nothing but data to bring to the disk.
 */
export class Segment {
  readonly number: number
  readonly bytes: number
  /** The position of its first record; known when there is one. */
  first = 0
  /** What of it is not in its pair's file yet; the file may go when there is none. */
  readonly live: LiveRecords = new LiveRecords()
  #file: string
  readonly #handle: FileHandle
  #position = 0

  private constructor(number: number, bytes: number, file: string, handle: FileHandle) {
    this.number = number
    this.bytes = bytes
    this.#file = file
    this.#handle = handle
  }

  /** Bytes that records take. */
  get used(): number {
    return this.#position
  }

  static async create(folder: string, number: number, bytes: number): Promise<Segment> {
    const file = join(folder, segmentName(number))
    const handle = await open(file, 'wx+')
    try {
      // A disk that is nearly full may take a part.
      for (let at = 0; at < bytes;)
        at += (await handle.write(zeros, 0, Math.min(zeros.length, bytes - at), at)).bytesWritten
      await handle.datasync()
      await syncFolder(folder)
    } catch (error) {
      await handle.close().catch(() => undefined)
      await rm(file, { force: true }).catch(() => undefined)
      throw error
    }
    return new Segment(number, bytes, file, handle)
  }

  /** Takes a file of which nothing is needed any more as the next segment, without filling it anew. */
  static async reuse(old: Segment, number: number): Promise<Segment> {
    const folder = dirname(old.#file)
    const file = join(folder, segmentName(number))
    await rename(old.#file, file)
    // Under its old name its records would belong to no segment.
    await syncFolder(folder)
    return new Segment(number, old.bytes, file, old.#handle)
  }

  get room(): number {
    return this.bytes - this.#position
  }

  /** Appends bytes; they are on the disk when it resolves. After a failure the segment is done with. */
  async append(buffer: Buffer, length: number): Promise<void> {
    for (let done = 0; done < length;) {
      const place = this.#position + done
      const written = await writeAt(this.#handle.fd, buffer, done, length - done, place)
      if (written === 0) throw new Error('the log takes no more bytes')
      done += written
    }
    await sync(this.#handle.fd)
    this.#position += length
  }

  async remove(): Promise<void> {
    await this.#handle.close().catch(() => undefined)
    // Whoever tries again has removed it before, perhaps.
    await rm(this.#file, { force: true })
  }

  async close(): Promise<void> {
    await this.#handle.close()
  }
}

// The promises of a FileHandle take longer than a small write does.
function writeAt(
  fd: number,
  buffer: Buffer,
  from: number,
  length: number,
  position: number,
): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fd, buffer, from, length, position, (error, written) => {
      if (error !== null) reject(error)
      else resolve(written)
    })
  })
}

function sync(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fdatasync(fd, (error) => {
      if (error !== null) reject(error)
      else resolve()
    })
  })
}
