import { appendFile, open, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fromDuckDb } from '../duckdb/duckdb-errors.ts'
import { makeFolder } from '../file/sync-folder.ts'

/** A file that was imported, or begun. */
export interface LedgerEntry {
  readonly state: 'begun' | 'done'
  readonly pair: string
  readonly file: string
  readonly bytes: number
  readonly sha256: string
  /** What of the options decides what a row becomes. */
  readonly options: string
  readonly at: number
}

/**
 * Which files a data directory has been given, by their content: a line of JSON for each, synced
 * after the file's last row is durable. What is not in it is imported again, which is harmless
 * where trades have ids.
 */
export class ImportLedger {
  readonly #path: string
  #entries: Promise<Map<string, LedgerEntry>> | undefined

  constructor(dataDir: string) {
    this.#path = join(dataDir, '.pairduck', 'imports.jsonl')
  }

  async find(
    of: Pick<LedgerEntry, 'pair' | 'sha256' | 'options'>,
  ): Promise<LedgerEntry | undefined> {
    return (await this.#read()).get(keyOf(of))
  }

  async add(entry: LedgerEntry): Promise<void> {
    const entries = await this.#read()
    try {
      await this.#append(`${JSON.stringify(entry)}\n`)
    } catch (error) {
      // Half a line may be there: it is read, and ended, anew.
      this.#entries = undefined
      throw fromDuckDb(error, this.#path, 'IO_FAILED')
    }
    entries.set(keyOf(entry), entry)
  }

  async #append(line: string): Promise<void> {
    await makeFolder(dirname(this.#path))
    await appendFile(this.#path, line)
    const file = await open(this.#path)
    try {
      await file.datasync()
    } finally {
      await file.close()
    }
  }

  #read(): Promise<Map<string, LedgerEntry>> {
    return (this.#entries ??= this.#load())
  }

  async #load(): Promise<Map<string, LedgerEntry>> {
    const text = await readFile(this.#path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
      return ''
    })
    const entries = new Map<string, LedgerEntry>()
    for (const line of text.split('\n')) {
      const entry = entryOf(line)
      if (entry !== undefined) entries.set(keyOf(entry), entry)
    }
    // A line that a crash cut short must not swallow the next one.
    if (text !== '' && !text.endsWith('\n')) await appendFile(this.#path, '\n')
    return entries
  }
}

function keyOf({
  pair,
  sha256,
  options,
}: Pick<LedgerEntry, 'pair' | 'sha256' | 'options'>): string {
  return `${sha256} ${pair} ${options}`
}

function entryOf(line: string): LedgerEntry | undefined {
  if (line.trim() === '') return undefined
  try {
    return JSON.parse(line) as LedgerEntry
  } catch {
    return undefined
  }
}
