import { isKnownName } from './column-map.ts'
import type { TextRecord, Delimiter } from './record-scanner.ts'

/** How a file of separated values is laid out. */
export interface CsvLayout {
  readonly delimiter: NonNullable<Delimiter>
  /** The names of the columns: those of the header, else `column0` …. */
  readonly columns: readonly string[]
  readonly hasHeader: boolean
  /** Lines before the first row, the header among them. */
  readonly skippedLines: number
  /** The lines before the header, as they stand. */
  readonly preface: readonly string[]
  /** The rows among the records. */
  readonly rows: readonly TextRecord[]
}

/** So many lines may stand before the header. */
const maxPreface = 50
const delimiters = [',', ';', '\t', '|'] as const

/** What separates the values, by which most of the first lines have equally many. */
export function delimiterOf(
  read: (delimiter: NonNullable<Delimiter>) => readonly TextRecord[],
): NonNullable<Delimiter> {
  const scored = delimiters.map((delimiter) => {
    const counts = read(delimiter).map(({ fields }) => fields.length)
    const columns = modeOf(counts)
    const hits = columns > 1 ? counts.filter((count) => count === columns).length : 0
    return { delimiter, hits, columns }
  })
  const [best] = scored.toSorted((a, b) => b.hits - a.hits || b.columns - a.columns)
  return best!.delimiter
}

/** Told from the first records of a file. */
export function csvLayout(
  delimiter: NonNullable<Delimiter>,
  records: readonly TextRecord[],
): CsvLayout {
  const columns = modeOf(records.map(({ fields }) => fields.length))
  const first = records.findIndex(({ fields }) => !isPreface(fields, columns))
  const begin = first === -1 || first > maxPreface ? 0 : first
  const preface = records.slice(0, begin)
  const commented = preface.findLast(({ fields }) => isCommentedHeader(fields, columns))
  const head = commented ?? records[begin]
  const names = (head?.fields ?? []).map((name, at) => (at === 0 ? bare(name) : name.trim()))
  // A header names things; a first row of values has numbers in it.
  const hasHeader =
    head !== undefined && !names.some((name) => name !== '' && Number.isFinite(Number(name)))
  const isInside = hasHeader && commented === undefined
  return {
    delimiter,
    hasHeader,
    columns: hasHeader ? names : names.map((_, index) => `column${index}`),
    skippedLines: isInside ? linesThrough(head) : linesBefore(records, begin),
    preface: preface
      .filter((record) => record !== commented)
      .map(({ fields }) => fields.join(delimiter)),
    rows: records.slice(begin + (isInside ? 1 : 0)),
  }
}

/** A title, a comment, an address: no header, and no row that was cut. */
function isPreface(fields: readonly string[], columns: number): boolean {
  const [first = ''] = fields
  if (/^\s*(?:#|\/\/)/.test(first)) return true
  if (/^"?sep=/i.test(first)) return true
  if (fields.length >= columns) return false
  const isRow = /^\s*(?:\d{4}[-./]\d|[-+]?[\d.]+\s*$)/.test(first)
  return !isRow && fields.filter((field) => isKnownName(field.trim())).length < 2
}

function isCommentedHeader(fields: readonly string[], columns: number): boolean {
  if (fields.length !== columns || !/^\s*#/.test(fields[0]!)) return false
  return fields.filter((field, at) => isKnownName(at === 0 ? bare(field) : field.trim())).length > 1
}

function bare(name: string): string {
  return name.replace(/^[\s#]+/, '').trim()
}

function linesThrough({ line, fields }: TextRecord): number {
  return line + fields.join('').split('\n').length - 1
}

function linesBefore(records: readonly TextRecord[], begin: number): number {
  return begin === 0 ? 0 : records[begin]!.line - 1
}

/** The commonest number; of equally common ones the first. */
function modeOf(counts: readonly number[]): number {
  const seen = new Map<number, number>()
  for (const count of counts) seen.set(count, (seen.get(count) ?? 0) + 1)
  const best = Math.max(0, ...seen.values())
  return [...seen].find(([, times]) => times === best)?.[0] ?? 1
}
