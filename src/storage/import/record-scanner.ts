/** One row of a text file and where it begins. */
export interface TextRecord {
  /** From 1 on. */
  readonly line: number
  /** The values of a row of CSV; of JSON lines the one line. */
  readonly fields: readonly string[]
}

/** What separates a CSV file's values; undefined: JSON lines, where a line is a row. */
export type Delimiter = ',' | ';' | '\t' | '|' | undefined

/** A quote that is never closed would make the rest of the file one value. */
const maxRecordLength = 1_000_000
/** No row is that long: a file without line ends would fill the memory. */
const maxLineLength = 32_000_000

/**
 * Cuts text into rows, in pieces as they come. It is what finds the line of a row: quoted values
 * may hold line ends, and empty lines are no rows.
 */
export class RecordScanner {
  readonly #delimiter: Delimiter
  #text = ''
  #line = 1

  constructor(delimiter: Delimiter) {
    this.#delimiter = delimiter
  }

  /** The rows that are complete with this piece; with `last` what remains is one, too. */
  push(piece: string, { last = false }: { last?: boolean } = {}): TextRecord[] {
    this.#text += piece
    // No row ends in it: a line of many pieces is looked through once, at its end.
    if (!last && !piece.includes('\n')) {
      if (this.#text.length <= maxLineLength) return []
      throw new Error(`line ${this.#line} has more than ${maxLineLength} characters and no end`)
    }
    const records: TextRecord[] = []
    let at = 0
    while (at < this.#text.length) {
      const record = this.#scan(at, last)
      if (record === undefined) break
      if (record.fields.length > 1 || record.fields[0] !== '')
        records.push({ line: this.#line, fields: record.fields })
      for (let end = at; (end = this.#text.indexOf('\n', end)) >= 0 && end < record.end; end++)
        this.#line++
      at = record.end
    }
    this.#text = this.#text.slice(at)
    return records
  }

  /** The row that begins at a place, or undefined when its end is still to come. */
  #scan(at: number, last: boolean): { fields: string[]; end: number } | undefined {
    const text = this.#text
    const fields: string[] = []
    let from = at
    for (;;) {
      const quoted = this.#delimiter !== undefined && text[from] === '"'
      const close = quoted ? closingQuote(text, from) : from
      if (close === undefined) {
        if (!last && text.length - at <= maxRecordLength) return undefined
        // Never closed: the line stands for itself, and the next one is a row again.
        return { fields: [text.slice(at, lineEnd(text, at))], end: lineEnd(text, at) + 1 }
      }
      const end = this.#fieldEnd(close)
      if (end >= text.length && !last) return undefined
      const value = text.slice(from, end)
      const isLast = text[end] !== this.#delimiter || end >= text.length
      // Of two where a program that writes CRLF wrote it through one that makes CRLF of each LF.
      const trimmed = isLast && value.endsWith('\r') ? value.replace(/\r+$/, '') : value
      fields.push(quoted ? unquoted(trimmed) : trimmed)
      if (isLast) return { fields, end: end + 1 }
      from = end + 1
    }
  }

  #fieldEnd(from: number): number {
    const text = this.#text
    const delimiter = this.#delimiter?.charCodeAt(0)
    for (let at = from; at < text.length; at++) {
      const unit = text.charCodeAt(at)
      if (unit === 10 || unit === delimiter) return at
    }
    return text.length
  }
}

/** The place after a quoted value. */
function closingQuote(text: string, open: number): number | undefined {
  for (let at = open + 1; ; at++) {
    at = text.indexOf('"', at)
    if (at < 0) return undefined
    if (text[at + 1] !== '"') return at + 1
    at++
  }
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  return end < 0 ? text.length : end
}

function unquoted(value: string): string {
  return value.slice(1, value.endsWith('"') ? -1 : undefined).replaceAll('""', '"')
}
