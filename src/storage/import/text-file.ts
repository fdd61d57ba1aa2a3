import { createReadStream, createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { RecordScanner, type Delimiter, type TextRecord } from './record-scanner.ts'

/** Rows by which columns and the unit of times are told. */
const sampleRows = 100
const pieceBytes = 1 << 18
const delimiters = [',', ';', '\t', '|'] as const

/** A line that is no row: its number, the line, and what is wrong with it. */
export interface BrokenLine {
  readonly line: number
  readonly text: string
  readonly reason: string
}

/**
 * A file of text whose rows this process cuts itself: to see what its columns are, to find the
 * line of a row that cannot be stored, and to leave out lines that are no rows. The engine reads
 * faster, and does all of the rest.
 */
export class TextFile {
  readonly path: string
  readonly gzip: boolean
  readonly delimiter: Delimiter
  /** The names of the columns: those of the header, else `column0` …; of JSON the keys. */
  readonly columns: readonly string[]
  readonly hasHeader: boolean
  /** Whether it has no row at all, not even a header. */
  readonly isEmpty: boolean
  /** The values of the first rows by column. */
  readonly samples: ReadonlyMap<string, readonly string[]>

  private constructor(of: {
    path: string
    gzip: boolean
    delimiter: Delimiter
    columns: readonly string[]
    hasHeader: boolean
    isEmpty: boolean
    samples: ReadonlyMap<string, readonly string[]>
  }) {
    this.path = of.path
    this.gzip = of.gzip
    this.delimiter = of.delimiter
    this.columns = of.columns
    this.hasHeader = of.hasHeader
    this.isEmpty = of.isEmpty
    this.samples = of.samples
  }

  static async open(path: string, format: 'csv' | 'jsonl'): Promise<TextFile> {
    const gzip = await isGzip(path)
    if (format === 'jsonl') return new TextFile({ path, gzip, ...(await describeJson(path, gzip)) })
    const delimiter = delimiterOf(
      (await firstRecords(path, gzip, undefined, 1))[0]?.fields[0] ?? '',
    )
    const rows = (await firstRecords(path, gzip, delimiter, sampleRows)).map(({ fields }) => fields)
    const names = rows[0] ?? []
    // A header names things; a first row of values has numbers in it.
    const hasHeader = !names.some((name) => name.trim() !== '' && Number.isFinite(Number(name)))
    const columns = hasHeader
      ? names.map((name) => name.trim())
      : names.map((_, index) => `column${index}`)
    const values = rows.slice(hasHeader ? 1 : 0)
    const samples = new Map(
      columns.map((name, index) => [name, values.map((fields) => fields[index] ?? '')]),
    )
    const isEmpty = rows.length === 0
    return new TextFile({ path, gzip, delimiter, columns, hasHeader, isEmpty, samples })
  }

  /** Whether a compressed file can be uncompressed to its end. True, too, when the signal ends it. */
  async isSound(signal: AbortSignal | undefined): Promise<boolean> {
    if (!this.gzip) return true
    const nowhere = new Writable({ write: (_piece, _encoding, done) => done() })
    const file = createReadStream(this.path, { highWaterMark: pieceBytes })
    const options = signal === undefined ? {} : { signal }
    try {
      await pipeline(file, createGunzip({ chunkSize: pieceBytes }), nowhere, options)
      return true
    } catch {
      return signal?.aborted === true
    }
  }

  /** The rows, without the header, in pieces. */
  async *records(): AsyncGenerator<TextRecord[]> {
    let header = this.hasHeader
    for await (const records of scan(this.path, this.gzip, this.delimiter)) {
      if (header && records.length > 0) {
        header = false
        yield records.slice(1)
      } else yield records
    }
  }

  /** The row of a number, from 0 on. */
  async recordAt(row: number): Promise<TextRecord | undefined> {
    let before = 0
    for await (const records of this.records()) {
      if (row < before + records.length) return records[row - before]
      before += records.length
    }
    return undefined
  }

  /**
   * Writes the rows from a number on to another file, without header and each with its columns.
   * Ends at the first line that is no row, or with `skip` leaves such lines out; returns them, and
   * why a compressed file could not be read to its end: a row that was cut there is not written.
   */
  async sift(
    to: string,
    { from, skip }: { from: number; skip: boolean },
  ): Promise<{ broken: BrokenLine | undefined; skipped: number; failure: unknown }> {
    let failure: unknown
    let broken: BrokenLine | undefined
    let skipped = 0
    let row = 0
    const sound = async function* (this: TextFile): AsyncGenerator<string> {
      for await (const records of this.records()) {
        let lines = ''
        for (const record of records) {
          if (row++ < from) continue
          const reason = this.#breakOf(record)
          if (reason === undefined) lines += this.#lineOf(record)
          else if (skip) skipped++
          else {
            broken = { line: record.line, text: record.fields.join(this.delimiter ?? ''), reason }
            yield lines
            return
          }
        }
        yield lines
      }
    }
    const written = async function* (this: TextFile): AsyncGenerator<string> {
      try {
        yield* sound.call(this)
      } catch (error) {
        failure = error
      }
    }
    await pipeline(Readable.from(written.call(this)), createWriteStream(to))
    return { broken, skipped, failure }
  }

  #breakOf({ fields }: TextRecord): string | undefined {
    if (fields.some((field) => field.includes('\ufffd'))) return 'is not UTF-8'
    if (this.delimiter === undefined)
      return isJsonObject(fields[0]!) ? undefined : 'is no JSON object'
    if (fields.length === this.columns.length) return undefined
    return `has ${fields.length} columns instead of ${this.columns.length}`
  }

  #lineOf({ fields }: TextRecord): string {
    const { delimiter } = this
    if (delimiter === undefined) return `${fields[0]!}\n`
    const values = fields.map((field) =>
      /["\r\n]/.test(field) || field.includes(delimiter)
        ? `"${field.replaceAll('"', '""')}"`
        : field,
    )
    return `${values.join(delimiter)}\n`
  }
}

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path)
  try {
    const { buffer } = await file.read(Buffer.alloc(2), 0, 2, null)
    return buffer[0] === 0x1f && buffer[1] === 0x8b
  } finally {
    await file.close()
  }
}

function delimiterOf(line: string): NonNullable<Delimiter> {
  const count = (delimiter: string): number => line.split(delimiter).length
  return delimiters.reduce((best, each) => (count(each) > count(best) ? each : best))
}

/** Keys may differ from line to line: those of the first lines are known. */
async function describeJson(
  path: string,
  gzip: boolean,
): Promise<{
  delimiter: undefined
  hasHeader: false
  isEmpty: boolean
  columns: readonly string[]
  samples: ReadonlyMap<string, readonly string[]>
}> {
  const samples = new Map<string, string[]>()
  const records = await firstRecords(path, gzip, undefined, sampleRows)
  for (const { fields } of records) {
    if (!isJsonObject(fields[0]!)) continue
    for (const [key, value] of Object.entries(JSON.parse(fields[0]!) as object)) {
      const values = samples.get(key)
      if (values === undefined) samples.set(key, [String(value)])
      else values.push(String(value))
    }
  }
  const columns = [...samples.keys()]
  return { delimiter: undefined, hasHeader: false, isEmpty: records.length === 0, columns, samples }
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

async function firstRecords(
  path: string,
  gzip: boolean,
  delimiter: Delimiter,
  count: number,
): Promise<TextRecord[]> {
  const found: TextRecord[] = []
  for await (const records of scan(path, gzip, delimiter)) {
    found.push(...records)
    if (found.length >= count) break
  }
  return found.slice(0, count)
}

async function* scan(
  path: string,
  gzip: boolean,
  delimiter: Delimiter,
): AsyncGenerator<TextRecord[]> {
  const scanner = new RecordScanner(delimiter)
  const file = createReadStream(path, { highWaterMark: pieceBytes })
  const plain = gzip ? file.pipe(createGunzip()) : file
  if (gzip) file.on('error', (error) => plain.destroy(error))
  plain.setEncoding('utf8')
  let isFirst = true
  try {
    for await (const piece of plain as AsyncIterable<string>) {
      yield scanner.push(isFirst && piece.startsWith('\ufeff') ? piece.slice(1) : piece)
      isFirst = false
    }
    yield scanner.push('', { last: true })
  } finally {
    file.destroy()
  }
}
