import { shown } from '../../errors.ts'
import type { ImportSource } from './import-source.ts'
import type { TimeReader } from './time-reader.ts'
import { whyRefused } from './why-refused.ts'

/** Rows that could not be stored for one reason. */
export interface Rejection {
  /** The file's column; undefined where the line is no row. */
  readonly column: string | undefined
  /** Why, in words. */
  readonly reason: string
  /** How many rows. */
  readonly count: number
  /** Of the first of them. */
  readonly line: number
  /** The value in the file. */
  readonly value: unknown
}

interface Counted {
  readonly column: string | undefined
  readonly reason: string
  readonly isTime: boolean
  count: number
  row: number
  line?: { line: number; value: unknown }
}

/** However small a file is, so many bad rows alone are no reason to stop. */
const alwaysAllowed = 10

/** Counts rows that are left out, by reason. */
export class Rejections {
  count = 0
  readonly #byReason = new Map<string, Counted>()

  /** A row, told by its number from 0 on, or a line that is no row. */
  add(of: {
    column: string | undefined
    reason: string
    isTime: boolean
    row: number
    line?: { line: number; value: unknown }
  }): void {
    this.count++
    const key = `${of.column ?? ''} ${of.reason}`
    const known = this.#byReason.get(key)
    if (known === undefined) this.#byReason.set(key, { ...of, count: 1 })
    else known.count++
  }

  /** Whether they are more than a share of the rows read so far. */
  exceed(share: number, rows: number): boolean {
    return this.count > alwaysAllowed && this.count > share * rows
  }

  /** Each reason, the commonest first, with the line where it is met first. */
  async list(source: ImportSource, time: TimeReader): Promise<readonly Rejection[]> {
    const found = [...this.#byReason.values()].toSorted((a, b) => b.count - a.count)
    const located: Rejection[] = []
    for (const { column, reason, isTime, count, row, line } of found) {
      const first = line ?? (await source.locate(row, column!))
      const of = { value: first.value, column: column ?? '', isTime }
      const why = column === undefined ? reason : whyRefused(reason, of, time)
      located.push({ column, reason: why, count, ...first })
    }
    return located
  }
}

/** `2 rows: column `qty` … (first: line 3, `0` (string))`, for every reason. */
export function rejectionText(rejections: readonly Rejection[]): string {
  return rejections
    .map(({ column, reason, count, line, value }) => {
      const where = column === undefined ? 'the line' : `column \`${column}\``
      return `${count} ${count === 1 ? 'row' : 'rows'}: ${where} ${reason} (first: line ${line}, ${shown(value)})`
    })
    .join('; ')
}
