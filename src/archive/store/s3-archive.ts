import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, rmSync } from 'node:fs'
import { open, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { S3Client } from '@aws-sdk/client-s3'
import { LRUCache } from 'lru-cache'
import { PairduckError } from '../../errors.ts'
import { optionalPackage } from '../../optional-package.ts'
import { integer, required, resolveOptions, rule } from '../../options.ts'
import type { ArchiveStore } from './archive-store.ts'
import { refuseOtherSize } from './part-size.ts'
import { deadlineOf, storeFailure } from './s3-requests.ts'
import { temporaryFolder } from './temporary-folder.ts'

type Library = typeof import('@aws-sdk/client-s3')

/** Options of `s3Archive`. */
export interface S3ArchiveOptions {
  /** A client of `@aws-sdk/client-s3`, with region, endpoint and credentials; it stays the caller's. */
  readonly client: S3Client
  /** The bucket's name. */
  readonly bucket: string
  /** Folders below the bucket, such as `market/data`. Default: none. */
  readonly prefix?: string
  /** Larger parts are uploaded in pieces of this many bytes. Default 16 MiB; S3 takes no less than 5 MiB. */
  readonly pieceBytes?: number
  /** Bytes of parts that were read and are kept on this machine, in a temporary folder. Default 1 GiB. */
  readonly maxCacheBytes?: number
  /** How long a request, or the next bytes of an answer, may take, in ms. Default 120,000. */
  readonly timeoutMs?: number
}

const name = (what: string): Parameters<typeof rule<string>> => [
  what,
  (value) => typeof value === 'string' && !/^\/|\/$|\0/.test(value),
  '',
]
const rules = {
  client: required(
    rule<S3Client>(
      'a client of @aws-sdk/client-s3',
      (value) => typeof (value as Partial<S3Client> | null)?.send === 'function',
      undefined as never,
    ),
  ),
  bucket: required(rule(...name('the name of a bucket'))),
  prefix: rule(...name('folders without a slash at either end')),
  pieceBytes: integer(5 * 2 ** 20, 5 * 2 ** 30, 16 * 2 ** 20),
  maxCacheBytes: integer(1, Number.MAX_SAFE_INTEGER, 2 ** 30),
  timeoutMs: integer(1, 3_600_000, 120_000),
}

/**
 * An archive in any object store that speaks S3. A part counts only after it was read back from there
 * with the bytes that were sent. Reading fetches whole parts to this machine and keeps the newest of
 * them. Needs `@aws-sdk/client-s3`.
 */
export async function s3Archive(options: S3ArchiveOptions): Promise<ArchiveStore> {
  const resolved = resolveOptions('s3Archive', options, rules)
  const library = await optionalPackage(
    's3Archive',
    ['@aws-sdk/client-s3'],
    () => import('@aws-sdk/client-s3'),
  )
  return new S3Archive(library, resolved)
}

interface Upload {
  readonly path: string
  readonly size: number
  readonly signal: AbortSignal | undefined
}

class S3Archive implements ArchiveStore {
  readonly place: string
  readonly #library: Library
  readonly #options: Required<S3ArchiveOptions>
  readonly #folder: string
  /** Files of parts on this machine, by path. */
  readonly #cached: LRUCache<string, { readonly file: string; readonly bytes: number }>
  #next = 1

  constructor(library: Library, options: Required<S3ArchiveOptions>) {
    this.#library = library
    this.#options = options
    this.place = `s3://${[options.bucket, options.prefix].filter((part) => part !== '').join('/')}`
    this.#folder = temporaryFolder('pairduck-s3-')
    this.#cached = new LRUCache({
      maxSize: options.maxCacheBytes,
      sizeCalculation: ({ bytes }) => Math.max(1, bytes),
      dispose: ({ file }) => rmSync(file, { force: true }),
    })
  }

  async draft(): Promise<string> {
    return this.#newFile()
  }

  async keep(draft: string, path: string, signal?: AbortSignal): Promise<void> {
    const { size } = await stat(draft)
    if (size <= this.#options.pieceBytes) await this.#putWhole(draft, { path, size, signal })
    else await this.#putInPieces(draft, { path, size, signal })
    const stored = await this.#fetch(path, signal)
    const isSame = (await digestOf(draft)) === (await digestOf(stored))
    await rm(stored, { force: true })
    if (!isSame)
      throw new PairduckError(
        'IO_FAILED',
        `${this.place}/${path} reads back otherwise than it was sent`,
        {
          path,
        },
      )
    this.#cached.delete(path)
    await rm(draft, { force: true })
  }

  async open(path: string, bytes?: number, signal?: AbortSignal): Promise<string> {
    const known = this.#cached.get(path)
    if (known !== undefined) return known.file
    const file = await this.#fetch(path, signal)
    const { size } = await stat(file)
    try {
      refuseOtherSize(`${this.place}/${path}`, { is: size, expected: bytes })
    } catch (error) {
      await rm(file, { force: true })
      throw error
    }
    // One that is larger than the whole cache is kept until the process ends.
    this.#cached.set(path, { file, bytes: Math.min(size, this.#options.maxCacheBytes) })
    return file
  }

  async remove(path: string, signal?: AbortSignal): Promise<void> {
    const { client, bucket: Bucket } = this.#options
    const { AbortMultipartUploadCommand, DeleteObjectCommand, ListMultipartUploadsCommand } =
      this.#library
    const Key = this.#keyOf(path)
    const { Uploads = [] } = await this.#bounded(
      `looking for uploads of ${path}`,
      signal,
      (options) => client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: Key }), options),
    )
    for (const { UploadId, Key: key } of Uploads)
      if (key === Key)
        await this.#bounded(`ending an upload of ${path}`, signal, (options) =>
          client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }), options),
        )
    await this.#bounded(`removing ${path}`, signal, (options) =>
      client.send(new DeleteObjectCommand({ Bucket, Key }), options),
    )
    this.#cached.delete(path)
  }

  async #putWhole(draft: string, { path, size, signal }: Upload): Promise<void> {
    const { client, bucket: Bucket } = this.#options
    const handle = await open(draft)
    try {
      const Body = new Uint8Array(size)
      await handle.read(Body, 0, size, 0)
      const put = new this.#library.PutObjectCommand({ Bucket, Key: this.#keyOf(path), Body })
      await this.#bounded(`writing ${path}`, signal, (options) => client.send(put, options))
    } finally {
      await handle.close()
    }
  }

  async #putInPieces(draft: string, { path, size, signal }: Upload): Promise<void> {
    const { client, bucket: Bucket, pieceBytes } = this.#options
    const { CompleteMultipartUploadCommand, CreateMultipartUploadCommand, UploadPartCommand } =
      this.#library
    const Key = this.#keyOf(path)
    const sending = `writing ${path}`
    const { UploadId } = await this.#bounded(sending, signal, (options) =>
      client.send(new CreateMultipartUploadCommand({ Bucket, Key }), options),
    )
    const handle = await open(draft)
    try {
      const Parts: { PartNumber: number; ETag: string | undefined }[] = []
      for (let at = 0; at < size; at += pieceBytes) {
        const Body = new Uint8Array(Math.min(pieceBytes, size - at))
        await handle.read(Body, 0, Body.length, at)
        const PartNumber = Parts.length + 1
        const piece = new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body })
        const { ETag } = await this.#bounded(sending, signal, (options) =>
          client.send(piece, options),
        )
        Parts.push({ PartNumber, ETag })
      }
      const upload = { Bucket, Key, UploadId, MultipartUpload: { Parts } }
      await this.#bounded(sending, signal, (options) =>
        client.send(new CompleteMultipartUploadCommand(upload), options),
      )
    } finally {
      // One that was broken off is aborted by the pass that sweeps.
      await handle.close()
    }
  }

  async #fetch(path: string, signal: AbortSignal | undefined): Promise<string> {
    const { client, bucket: Bucket } = this.#options
    const file = this.#newFile()
    const where = `${this.place}/${path}`
    const deadline = deadlineOf(this.#options.timeoutMs, signal)
    try {
      const found = await client.send(
        new this.#library.GetObjectCommand({ Bucket, Key: this.#keyOf(path) }),
        { abortSignal: deadline.signal },
      )
      const body = found.Body as Readable
      body.on('data', deadline.renew)
      await pipeline(body, createWriteStream(file), { signal: deadline.signal })
      return file
    } catch (cause) {
      await rm(file, { force: true })
      if ((cause as Error).name !== 'NoSuchKey')
        throw storeFailure(`reading ${where}`, cause, deadline)
      throw new PairduckError('ARCHIVE_INCOMPLETE', `the archive lacks ${where}`, {
        file: where,
        cause,
      })
    } finally {
      deadline.end()
    }
  }

  /** One request, which ends, and whose failure says what it was for. */
  async #bounded<T>(
    what: string,
    signal: AbortSignal | undefined,
    send: (options: { readonly abortSignal: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    const deadline = deadlineOf(this.#options.timeoutMs, signal)
    try {
      return await send({ abortSignal: deadline.signal })
    } catch (cause) {
      throw storeFailure(`${this.place}: ${what}`, cause, deadline)
    } finally {
      deadline.end()
    }
  }

  #newFile(): string {
    return join(this.#folder, `${this.#next++}.parquet`)
  }

  #keyOf(path: string): string {
    return [this.#options.prefix, path].filter((part) => part !== '').join('/')
  }
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}
