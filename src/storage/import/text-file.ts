import { createReadStream, createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { visible } from '../../errors.ts'
import { textReference, textRelation, type TextLayout } from './file-relation.ts'
import type { RowFile } from './formats/row-file.ts'
import { RecordScanner, type Delimiter, type TextRecord } from './record-scanner.ts'
import { csvLayout, delimiterOf } from './text-layout.ts'

/** Rows by which columns and the unit of times are told. */
const sampleRows = 100
const pieceBytes = 1 << 18
/** For the first rows alone. */
const samplePieceBytes = 1 << 13

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
export class TextFile implements TextLayout {
  readonly path: string
  readonly delimiter: Delimiter
  /** The names of the columns: those of the header, else `column0` …; of JSON the keys. */
  readonly columns: readonly string[]
  readonly skippedLines: number
  /** Whether it has no row at all, not even a header. */
  readonly isEmpty: boolean
  /** The values of the first rows by column. */
  readonly samples: ReadonlyMap<string, readonly string[]>
  /** What was skipped before the rows, in a sentence. */
  readonly remarks: readonly string[]

  private constructor(of: {
    path: string
    delimiter: Delimiter
    columns: readonly string[]
    skippedLines: number
    isEmpty: boolean
    samples: ReadonlyMap<string, readonly string[]>
    remarks: readonly string[]
  }) {
    this.path = of.path
    this.delimiter = of.delimiter
    this.columns = of.columns
    this.skippedLines = of.skippedLines
    this.isEmpty = of.isEmpty
    this.samples = of.samples
    this.remarks = of.remarks
  }

  static async openCsv(
    path: string,
    known?: { readonly delimiter: NonNullable<Delimiter>; readonly hasHeader: false },
  ): Promise<TextFile> {
    await refuseLoneReturns(path)
    const read = new Map<Delimiter, readonly TextRecord[]>()
    const tried = known === undefined ? ([',', ';', '\t', '|'] as const) : [known.delimiter]
    for (const each of tried) read.set(each, await firstRecords(path, each, sampleRows))
    const delimiter = known?.delimiter ?? delimiterOf((each) => read.get(each)!)
    const found = read.get(delimiter)!
    const isBlank = found.every(({ fields }) => fields.every((field) => field.trim() === ''))
    const records = isBlank ? [] : found
    const layout = csvLayout(delimiter, records)
    const { preface } = layout
    const remarks =
      preface.length === 0
        ? []
        : [
            `skipped ${preface.length === 1 ? 'the line' : `${preface.length} lines`} before the header: ${preface.slice(0, 3).map(shortened).join(', ')}`,
          ]
    const samples = new Map(
      layout.columns.map((name, index) => [
        name,
        layout.rows.map(({ fields }) => fields[index] ?? ''),
      ]),
    )
    return new TextFile({ ...layout, path, isEmpty: records.length === 0, samples, remarks })
  }

  /** Keys may differ from line to line: those of the first lines are known. */
  static async openJsonLines(path: string): Promise<TextFile> {
    const samples = new Map<string, string[]>()
    const records = await firstRecords(path, undefined, sampleRows)
    for (const { fields } of records) {
      if (!isJsonObject(fields[0]!)) continue
      for (const [key, value] of Object.entries(JSON.parse(fields[0]!) as object)) {
        // What is no plain value is told of by its kind.
        const text =
          value === null
            ? ''
            : typeof value === 'object'
              ? Object.prototype.toString.call(value)
              : String(value)
        const values = samples.get(key)
        if (values === undefined) samples.set(key, [text])
        else values.push(text)
      }
    }
    return new TextFile({
      path,
      delimiter: undefined,
      columns: [...samples.keys()],
      skippedLines: 0,
      isEmpty: records.length === 0,
      samples,
      remarks: [],
    })
  }

  rowFile(): RowFile {
    return {
      columns: this.columns.map((name) => ({ name, type: 'VARCHAR' })),
      isEmpty: this.isEmpty,
      text: this,
      relation: (typeOf, lenient) => textRelation(this.path, this, typeOf, lenient),
      reference: (name, type) => textReference(this.columns, name, type),
      samples: (column) => this.samples.get(column) ?? [],
      locate: (row, column) => this.#locate(row, column),
    }
  }

  async #locate(row: number, column: string): Promise<{ line: number; value: unknown }> {
    const record = await this.#recordAt(row)
    if (record === undefined) return { line: row + 1, value: undefined }
    if (this.delimiter === undefined) {
      const value = (JSON.parse(record.fields[0]!) as Record<string, unknown>)[column]
      return { line: record.line, value }
    }
    return { line: record.line, value: record.fields[this.columns.indexOf(column)] }
  }

  /** The rows, without what stands before them, in pieces. */
  async *#records(): AsyncGenerator<TextRecord[]> {
    for await (const records of scan(this.path, this.delimiter)) {
      const isPlain = (records[0]?.line ?? Infinity) > this.skippedLines && !records.some(isBlank)
      yield isPlain
        ? records
        : records.filter((record) => record.line > this.skippedLines && !isBlank(record))
    }
  }

  async #recordAt(row: number): Promise<TextRecord | undefined> {
    let before = 0
    for await (const records of this.#records()) {
      if (row < before + records.length) return records[row - before]
      before += records.length
    }
    return undefined
  }

  /**
   * Writes the rows from a number on to another file, each with its columns. Ends at the first line
   * that is no row, or with `skip` leaves such lines out and tells of each.
   */
  async sift(
    to: string,
    { from, skip }: { from: number; skip: ((line: BrokenLine) => void) | undefined },
  ): Promise<BrokenLine | undefined> {
    let broken: BrokenLine | undefined
    let row = 0
    const sound = async function* (this: TextFile): AsyncGenerator<string> {
      for await (const records of this.#records()) {
        let lines = ''
        for (const record of records) {
          if (row++ < from) continue
          const reason = this.#breakOf(record)
          if (reason === undefined) {
            lines += this.#lineOf(record)
            continue
          }
          const found = {
            line: record.line,
            text: record.fields.join(this.delimiter ?? ''),
            reason,
          }
          if (skip !== undefined) skip(found)
          else {
            broken = found
            yield lines
            return
          }
        }
        yield lines
      }
    }
    await pipeline(Readable.from(sound.call(this)), createWriteStream(to))
    return broken
  }

  #breakOf({ fields }: TextRecord): string | undefined {
    if (fields.some((field) => field.includes('\ufffd'))) return 'is not UTF-8'
    if (this.delimiter === undefined)
      return isJsonObject(fields[0]!) ? undefined : 'is no JSON object'
    if (fields.some((field) => field.length > maxValueLength))
      return `has a value of more than ${maxValueLength} characters`
    if (fields.length === this.columns.length) return undefined
    const count = fields.length === 1 ? '1 column' : `${fields.length} columns`
    return `has ${count} instead of ${this.columns.length}${this.#whyParted(fields)}`
  }

  /** What most likely parted a line wrongly, in brackets; nothing when that cannot be told. */
  #whyParted(fields: readonly string[]): string {
    if (this.delimiter === ',' && fields.length > this.columns.length)
      return ' (where a comma belongs to a value, as in 1234,56, the value has to stand in quotes)'
    // The scanner gives a line whole when a quote that opens in it is closed nowhere in the file.
    const isOpen = fields.length === 1 && fields[0]!.split('"').length % 2 === 0
    return isOpen ? ' (a quote that opens in it is not closed)' : ''
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

/** A line of nothing but blanks is none, as an empty one is. */
function isBlank({ fields }: TextRecord): boolean {
  return fields.length === 1 && fields[0]!.trim() === ''
}

export function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

/** The reader takes no line of two million bytes or more. */
const maxValueLength = 500_000

/** Lines that end in CR alone would be one line to the reader. */
async function refuseLoneReturns(path: string): Promise<void> {
  for await (const piece of createReadStream(path, { end: 65_535, encoding: 'latin1' }))
    if (/\r[^\n]/.test(piece as string) && !(piece as string).includes('\n'))
      throw new Error(
        'its lines end in carriage returns alone, as old Macs wrote them: write line feeds in their place (tr "\\r" "\\n" < old.csv > new.csv)',
      )
}

function shortened(line: string): string {
  return `"${visible(line.length > 60 ? `${line.slice(0, 57)}…` : line)}"`
}

async function firstRecords(
  path: string,
  delimiter: Delimiter,
  count: number,
): Promise<TextRecord[]> {
  const found: TextRecord[] = []
  for await (const records of scan(path, delimiter, samplePieceBytes)) {
    found.push(...records)
    if (found.length >= count) break
  }
  return found.slice(0, count)
}

async function* scan(
  path: string,
  delimiter: Delimiter,
  highWaterMark = pieceBytes,
): AsyncGenerator<TextRecord[]> {
  const scanner = new RecordScanner(delimiter)
  const file = createReadStream(path, { highWaterMark, encoding: 'utf8' })
  let isFirst = true
  try {
    for await (const piece of file as AsyncIterable<string>) {
      yield scanner.push(isFirst && piece.startsWith('\ufeff') ? piece.slice(1) : piece)
      isFirst = false
    }
    yield scanner.push('', { last: true })
  } finally {
    file.destroy()
  }
}
