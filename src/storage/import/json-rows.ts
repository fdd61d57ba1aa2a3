/**
 * Finds the rows of a JSON document in pieces of its text, and writes each on a line: objects as
 * they are, lists as CSV. The rows are the values of the first array that holds objects or lists and
 * does not tell of columns; arrays of plain values, one after the other, are rows themselves.
 */
export class JsonRows {
  /** What the rows are; undefined before the first. */
  kind: 'object' | 'list' | undefined
  /** Whether there was an array, and none that holds plain values inside something else. */
  get sawEmpty(): boolean {
    return this.#sawArray && !this.#sawValue
  }

  #sawArray = false
  #sawValue = false
  /** The text from the beginning of a row that is not complete, else what is left to look at. */
  #text = ''
  #at = 0
  /** Whether the end of a quoted value is still to come. */
  #isInString = false
  /** The brackets that are open. */
  readonly #open: string[] = []
  /** How many were open where a row begins. */
  #rowDepth: number | undefined
  #rowStart: number | undefined
  /** The key last read outside of rows, that of the list last begun, and that of the rows' list. */
  #key = ''
  #listKey = ''
  #rowsKey = ''

  /** Whether every bracket was closed. */
  get isWhole(): boolean {
    return this.#open.length === 0 && this.#text.slice(this.#at).trim() === ''
  }

  /** The lines of the rows that are complete with this piece. */
  push(piece: string): string {
    this.#text += piece
    // A value of many pieces is looked through once, at its end.
    if (this.#isInString && !piece.includes('"')) return ''
    this.#isInString = false
    let lines = ''
    for (;;) {
      const found = this.#nextSign()
      if (found === undefined) break
      const { at, end: after } = found
      const sign = this.#text[at]!
      if (sign === '"') {
        const end = closingQuote(this.#text, at)
        if (end === undefined) {
          this.#at = at
          this.#isInString = true
          break
        }
        this.#scalar(at)
        if (this.#rowStart === undefined) this.#key = this.#text.slice(at + 1, end)
        this.#at = end + 1
        continue
      }
      this.#at = after
      if (sign === '[' || sign === '{') this.#enter(sign, at)
      else if (sign === ']' || sign === '}') lines += this.#leave(at)
      else this.#scalar(at)
    }
    const kept = this.#rowStart ?? this.#keptFrom()
    this.#text = this.#text.slice(kept)
    this.#at -= kept
    if (this.#rowStart !== undefined) this.#rowStart = 0
    return lines
  }

  /** The next bracket or quote; before it is known where rows are, plain values count too. */
  #nextSign(): { at: number; end: number } | undefined {
    const signs = this.#rowDepth === undefined ? /["[\]{}]|[^\s,:"[\]{}]+/g : /["[\]{}]/g
    signs.lastIndex = this.#at
    const found = signs.exec(this.#text)
    if (found !== null) return { at: found.index, end: found.index + found[0].length }
    this.#at = this.#text.length
    return undefined
  }

  /** A bracket that may turn out to begin a row is kept. */
  #keptFrom(): number {
    const mayBegin =
      this.#rowDepth === undefined && this.#open.length === 1 && this.#open[0] === '['
    return mayBegin ? Math.max(0, this.#text.lastIndexOf('[', this.#at - 1)) : this.#at
  }

  #enter(bracket: string, at: number): void {
    const parent = this.#open.at(-1)
    if (bracket === '[') {
      this.#sawArray = true
      if (parent !== '[') this.#listKey = this.#key
    }
    if (this.#rowDepth === undefined && parent === '[' && !tellsOfColumns.has(this.#listKey)) {
      this.#rowDepth = this.#open.length
      this.#rowsKey = this.#key
    }
    const begins =
      this.#rowStart === undefined &&
      this.#open.length === this.#rowDepth &&
      (this.#rowDepth === 0 || (parent === '[' && this.#key === this.#rowsKey))
    if (begins) {
      this.#rowStart = at
      this.kind ??= bracket === '[' ? 'list' : 'object'
    }
    this.#open.push(bracket)
  }

  #leave(at: number): string {
    this.#open.pop()
    if (this.#rowStart === undefined || this.#open.length !== this.#rowDepth) return ''
    const row = this.#text.slice(this.#rowStart, at + 1)
    this.#rowStart = undefined
    return `${this.kind === 'list' && row.startsWith('[') ? csvLine(row) : row.replaceAll(/[\r\n]+/g, ' ')}\n`
  }

  /** A plain value in an array that nothing is around: the array itself is a row. */
  #scalar(at: number): void {
    if (this.#open.at(-1) === '[') this.#sawValue = true
    if (this.#rowDepth !== undefined || this.#open.length !== 1 || this.#open[0] !== '[') return
    this.#rowDepth = 0
    this.#rowStart = this.#text.lastIndexOf('[', at)
    this.kind = 'list'
  }
}

/** Where ClickHouse, QuestDB and pandas (`orient="table"`) say which columns there are. */
const tellsOfColumns: ReadonlySet<string> = new Set(['meta', 'fields', 'columns'])

function closingQuote(text: string, open: number): number | undefined {
  for (let at = open + 1; ; at++) {
    at = text.indexOf('"', at)
    if (at < 0) return undefined
    let slashes = 0
    while (text[at - 1 - slashes] === '\\') slashes++
    if (slashes % 2 === 0) return at
  }
}

const part = /\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"[\]{}]+))\s*(?:,|$)/gy

/** The list's values as they are written: a number of many digits keeps them. */
function csvLine(row: string): string {
  const inside = row.slice(1, -1)
  const values: string[] = []
  part.lastIndex = 0
  while (part.lastIndex < inside.length) {
    const found = part.exec(inside)
    // Something nested: rare, and then digits do not matter.
    if (found === null) return nestedLine(row)
    const [, text, plain] = found
    values.push(
      text === undefined ? (plain === 'null' ? '' : plain!) : (JSON.parse(`"${text}"`) as string),
    )
  }
  return values.map(quotedValue).join(',')
}

function nestedLine(row: string): string {
  try {
    const values = JSON.parse(row) as unknown[]
    return values
      .map((value) =>
        typeof value === 'string' ? value : value === null ? '' : JSON.stringify(value),
      )
      .map(quotedValue)
      .join(',')
  } catch {
    // Said where it is read: a row of one column.
    return quotedValue(row)
  }
}

function quotedValue(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value
}
