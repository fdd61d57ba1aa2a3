import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { PairduckError, visible } from '../../errors.ts'
import { verifyChecksum } from './checksum.ts'
import type { FileEngine, FileEngines } from './file-engines.ts'
import type { ImportTools, InputFile } from './formats/format.ts'
import { formatOf } from './formats/known-formats.ts'
import { importFailed } from './import-failure.ts'
import type { ResolvedImportOptions } from './import-options.ts'
import { ImportSource } from './import-source.ts'
import { refusePipe, spoolInput } from './standard-input.ts'

/** A zip of a gz of a file is one; deeper nesting is made to do harm. */
const maxDepth = 3

/**
 * What the user calls a file, and the files of rows in it. Rows are read by an engine of its
 * own: it parses on other threads than the one that writes, and a file from outside never
 * meets the pairs' engine.
 */
export class ImportInput {
  readonly file: string
  /** Where it is; standard input was written there. */
  readonly path: string
  readonly #folder: string
  readonly #options: ResolvedImportOptions
  readonly #engine: FileEngine
  readonly #note: (text: string) => void
  #files = 0

  private constructor(of: {
    file: string
    path: string
    folder: string
    options: ResolvedImportOptions
    engine: FileEngine
    note: (text: string) => void
  }) {
    this.file = of.file
    this.path = of.path
    this.#folder = of.folder
    this.#options = of.options
    this.#engine = of.engine
    this.#note = of.note
  }

  /** `-` is standard input, which is first written to a file: what does not fit is looked up later. */
  static async open(
    file: string,
    options: ResolvedImportOptions,
    engines: FileEngines,
    note: (text: string) => void,
  ): Promise<ImportInput> {
    const folder = await mkdtemp(join(tmpdir(), 'pairduck-import-'))
    let engine: FileEngine | undefined
    try {
      engine = await engines.lend()
      const path = file === '-' ? join(folder, 'input') : await readablePath(file)
      if (file === '-') await spoolInput(process.stdin, path, options.signal)
      const checked = file === '-' ? undefined : await verifyChecksum(path)
      if (checked !== undefined) note(`${visible(file)} agrees with ${visible(checked)}`)
      return new ImportInput({ file, path, folder, options, engine, note })
    } catch (error) {
      await engine?.release()
      await rm(folder, { recursive: true, force: true })
      throw importFailed(file, error)
    }
  }

  /** The files of rows, one after the other; each is gone when the next one is asked for. */
  sources(): AsyncGenerator<ImportSource> {
    return this.#within({ name: this.file, path: this.path }, 0)
  }

  async close(): Promise<void> {
    await this.#engine.release()
    await rm(this.#folder, { recursive: true, force: true })
  }

  async *#within(file: InputFile, depth: number): AsyncGenerator<ImportSource> {
    const tools: ImportTools = {
      connection: this.#engine.connection,
      signal: this.#options.signal,
      member: this.#options.member,
      temporaryPath: () => this.#temporaryPath(),
      note: this.#note,
    }
    try {
      const format = await formatOf(file, this.#options.format)
      if (format.kind === 'rows') {
        const rows = await format.open(file, tools)
        yield new ImportSource(file, rows, this.#engine.connection, this.#temporaryPath())
        return
      }
      if (depth >= maxDepth)
        throw new PairduckError(
          'IMPORT_FAILED',
          `${visible(file.name)} is packed more than ${maxDepth} times: unpack it, and import what is in it`,
          { file: file.name },
        )
      for await (const inner of format.unpack(file, tools)) {
        yield* this.#within(inner, depth + 1)
        await rm(inner.path, { force: true })
      }
    } catch (error) {
      throw importFailed(file.name, error)
    }
  }

  #temporaryPath(): string {
    return join(this.#folder, `file${this.#files++}`)
  }
}

async function readablePath(file: string): Promise<string> {
  if (file.includes('\0')) throw new TypeError('a file name cannot hold NUL')
  const path = resolve(file)
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  if (found === undefined)
    throw new PairduckError('IMPORT_FAILED', `${visible(file)}: there is no such file`, { file })
  if (found.isDirectory())
    throw new PairduckError('IMPORT_FAILED', `${visible(file)} is a folder, not a file`, { file })
  refusePipe(file, found)
  return path
}
