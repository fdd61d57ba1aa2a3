import type { Writable } from 'node:stream'
import { visible } from '../errors.ts'
import { makeInk, type Ink } from './ink.ts'

/** The part of a stream that the command line uses: a pipe, a file or a terminal. */
export interface OutputStream extends Writable {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

export interface TerminalOptions {
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  readonly environment?: Readonly<Record<string, string | undefined>>
}

/** What charts and text are drawn for when no terminal says how wide it is. */
const pipedColumns = 80
const pipedRows = 24

/** Where results go (stdout) and where remarks and progress go (stderr). */
export class Terminal {
  /** For what is written as it comes: whole documents go through {@link print}. */
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  readonly ink: Ink

  constructor({ stdout, stderr, environment = process.env }: TerminalOptions) {
    this.stdout = stdout
    this.stderr = stderr
    this.ink = makeInk(stdout.isTTY === true && (environment['NO_COLOR'] ?? '') === '')
  }

  /** Columns to draw in; 80 in a pipe or a file. */
  get columns(): number {
    return Math.max(40, this.stdout.columns ?? pipedColumns)
  }

  get rows(): number {
    return Math.max(16, this.stdout.rows ?? pipedRows)
  }

  /** The width a table has to keep to; in a pipe a table is as wide as its content. */
  get tableColumns(): number {
    return this.stdout.isTTY === true ? this.columns : Infinity
  }

  /** Whether somebody watches stderr, so that a progress bar makes sense. */
  get showsProgress(): boolean {
    return this.stderr.isTTY === true
  }

  get isInteractive(): boolean {
    return this.stdout.isTTY === true
  }

  print(text: string): void {
    this.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
  }

  /** One JSON document; a list has one element per line, so that line tools work on it too. */
  printJson(value: unknown): void {
    if (!Array.isArray(value)) return this.print(jsonText(value))
    if (value.length === 0) return this.print('[]')
    for (const [index, element] of value.entries()) {
      const begin = index === 0 ? '[\n' : ''
      const end = index === value.length - 1 ? '\n]\n' : ',\n'
      this.stdout.write(begin + jsonText(element) + end)
    }
  }

  /** A remark for the person, on stderr. */
  note(text: string): void {
    // What came from a file or an exchange must not steer the terminal.
    this.stderr.write(`${text.split('\n').map(visible).join('\n')}\n`)
  }

  /** Empties the screen before a new picture of it; does nothing in a pipe. */
  clear(): void {
    if (this.isInteractive) this.stdout.write('\u001B[2J\u001B[3J\u001B[H')
  }
}

/** Whole numbers beyond 2^53 stay exact as text; everything else is plain JSON. */
function jsonText(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part !== 'bigint') return part
    return Number.isSafeInteger(Number(part)) ? Number(part) : part.toString()
  })
}
