import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

interface Upload {
  readonly key: string
  readonly pieces: Map<number, Buffer>
}

/** As much of S3 as an archive asks for: objects, uploads in pieces, and failures when it is told to. */
export class S3StandIn {
  readonly objects: Map<string, Buffer> = new Map()
  readonly uploads: Map<string, Upload> = new Map()
  /** Said of each request; true answers it with 503, before or after it took effect. */
  failing: (request: string) => 'before' | 'after' | false = () => false
  /** Said of each request: answers it with half of the bytes, or breaks off there, or never. */
  limping: (request: string) => 'half' | 'cut' | 'never' | false = () => false
  endpoint = ''

  static async start(): Promise<S3StandIn> {
    const stand = new S3StandIn()
    const server = createServer((request, response) => void stand.#answer(request, response))
    await once(server.listen(0, '127.0.0.1'), 'listening')
    onTestFinished(() => {
      server.close()
      server.closeAllConnections()
    })
    stand.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    return stand
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const url = new URL(request.url ?? '/', this.endpoint)
    const failure = this.failing(`${request.method} ${url.pathname}${url.search}`)
    if (failure === 'before') return fail(response)
    const key = decodeURIComponent(url.pathname.slice(1))
    const whole = this.#take(request.method ?? 'GET', key, url.searchParams, Buffer.concat(chunks))
    const done = rangeOf(whole, request.headers.range)
    if (failure === 'after') return fail(response)
    const limp = this.limping(`${request.method} ${url.pathname}`)
    if (limp === 'never') return
    if (limp !== false && Buffer.isBuffer(done.body)) return limpAlong(response, done, limp)
    response.writeHead(done.status, done.headers)
    response.end(request.method === 'HEAD' ? undefined : done.body)
  }

  #take(method: string, key: string, query: URLSearchParams, body: Buffer): Answer {
    const id = query.get('uploadId')
    if (method === 'POST' && query.has('uploads')) {
      const uploadId = randomUUID()
      this.uploads.set(uploadId, { key, pieces: new Map() })
      return xml(
        `<InitiateMultipartUploadResult><UploadId>${uploadId}</UploadId></InitiateMultipartUploadResult>`,
      )
    }
    if (method === 'GET' && query.has('uploads')) {
      const [bucket = ''] = key.split('/')
      const prefix = `${bucket}/${query.get('prefix') ?? ''}`
      const found = [...this.uploads].filter(([, upload]) => upload.key.startsWith(prefix))
      const listed = found.map(
        ([each, upload]) =>
          `<Upload><Key>${upload.key.slice(bucket.length + 1)}</Key><UploadId>${each}</UploadId></Upload>`,
      )
      return xml(`<ListMultipartUploadsResult>${listed.join('')}</ListMultipartUploadsResult>`)
    }
    if (method === 'GET' && query.get('list-type') === '2') return this.#list(key, query)
    if (id !== null) return this.#takePiece(method, id, query, body)
    if (method === 'PUT') this.objects.set(key, body)
    if (method === 'DELETE') this.objects.delete(key)
    const found = this.objects.get(key)
    if (method !== 'GET' && method !== 'HEAD')
      return { status: method === 'PUT' ? 200 : 204, headers: { etag: etagOf(body) } }
    if (found === undefined) return xml('<Error><Code>NoSuchKey</Code></Error>', 404)
    return {
      status: 200,
      headers: { 'content-length': String(found.length), etag: etagOf(found) },
      body: found,
    }
  }

  /** One page of what lies below a prefix. */
  #list(bucket: string, query: URLSearchParams): Answer {
    const prefix = `${bucket.replace(/\/$/, '')}/${query.get('prefix') ?? ''}`
    const found = [...this.objects].filter(([name]) => name.startsWith(prefix))
    const listed = found.map(
      ([name, body]) =>
        `<Contents><Key>${name.slice(name.indexOf('/') + 1)}</Key><Size>${body.length}</Size>` +
        `<LastModified>2026-01-05T00:00:00.000Z</LastModified><ETag>${etagOf(body)}</ETag></Contents>`,
    )
    return xml(
      `<ListBucketResult><KeyCount>${found.length}</KeyCount><IsTruncated>false</IsTruncated>${listed.join('')}</ListBucketResult>`,
    )
  }

  #takePiece(method: string, id: string, query: URLSearchParams, body: Buffer): Answer {
    const upload = this.uploads.get(id)
    if (upload === undefined) return xml('<Error><Code>NoSuchUpload</Code></Error>', 404)
    if (method === 'PUT') {
      upload.pieces.set(Number(query.get('partNumber')), body)
      return { status: 200, headers: { etag: etagOf(body) } }
    }
    this.uploads.delete(id)
    if (method === 'DELETE') return { status: 204 }
    const pieces = [...upload.pieces].sort(([a], [b]) => a - b).map(([, piece]) => piece)
    this.objects.set(upload.key, Buffer.concat(pieces))
    return xml(
      '<CompleteMultipartUploadResult><ETag>"whole"</ETag></CompleteMultipartUploadResult>',
    )
  }
}

interface Answer {
  readonly status: number
  readonly headers?: Record<string, string>
  readonly body?: Buffer | string
}

function rangeOf(answer: Answer, range: string | undefined): Answer {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? []
  if (first === undefined || answer.status !== 200 || !Buffer.isBuffer(answer.body)) return answer
  const size = answer.body.length
  const end = last === '' ? size : Math.min(size, Number(last) + 1)
  const body = answer.body.subarray(Number(first), end)
  const headers = {
    ...answer.headers,
    'content-length': String(body.length),
    'content-range': `bytes ${first}-${end - 1}/${size}`,
  }
  return { status: 206, headers, body }
}

function limpAlong(response: ServerResponse, { status, body }: Answer, how: 'half' | 'cut'): void {
  const half = (body as Buffer).subarray(0, body!.length >> 1)
  const told = how === 'half' ? half.length : body!.length
  response.writeHead(status, { 'content-length': String(told) })
  if (how === 'half') response.end(half)
  else response.write(half, () => response.destroy())
}

function fail(response: ServerResponse): void {
  response.writeHead(503, { 'content-type': 'application/xml' })
  response.end('<Error><Code>SlowDown</Code></Error>')
}

function xml(body: string, status = 200): Answer {
  return {
    status,
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0"?>${body}`,
  }
}

function etagOf(body: Buffer): string {
  return `"${createHash('md5').update(body).digest('hex')}"`
}
