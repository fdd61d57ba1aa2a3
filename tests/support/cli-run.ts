import { Writable } from 'node:stream'
import type { CliContext } from '../../src/cli/context.ts'
import { runCli } from '../../src/cli/run.ts'
import { Terminal } from '../../src/cli/terminal.ts'

export interface CliRun {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

export interface CliRunOptions {
  readonly now?: () => number
  readonly signal?: AbortSignal
  /** Stdout is a terminal of this size. */
  readonly screen?: { readonly columns: number; readonly rows: number }
  /** Called with everything printed so far, whenever something is printed. */
  readonly onOutput?: (stdout: string) => void
  /** Called with all notes so far, whenever one is made. */
  readonly onNote?: (stderr: string) => void
}

/** Runs the command line in this process, as in a pipe unless told otherwise; gives what it printed. */
export async function cliRun(
  args: readonly string[],
  options: CliRunOptions = {},
): Promise<CliRun> {
  const stdout = Object.assign(
    new Collected(options.onOutput),
    options.screen && { isTTY: true, ...options.screen },
  )
  const stderr = new Collected(options.onNote)
  const context: CliContext = {
    terminal: new Terminal({ stdout, stderr, environment: { NO_COLOR: '1' } }),
    now: options.now ?? Date.now,
    signal: options.signal ?? new AbortController().signal,
    exitCode: 0,
    isHeld: false,
    dispose: () => undefined,
  }
  const exitCode = await runCli(args, context)
  return { exitCode, stdout: stdout.text, stderr: stderr.text }
}

/** Runs it in this process and reads its one JSON document; throws unless it ended with 0. */
export async function cliJson<T>(args: readonly string[]): Promise<T> {
  const { exitCode, stdout, stderr } = await cliRun([...args, '--json'])
  if (exitCode !== 0)
    throw new Error(`pairduck ${args.join(' ')} ended with ${exitCode}: ${stderr}`)
  return JSON.parse(stdout) as T
}

class Collected extends Writable {
  text = ''
  readonly #onOutput: ((text: string) => void) | undefined

  constructor(onOutput?: (text: string) => void) {
    super({ decodeStrings: false })
    this.#onOutput = onOutput
  }

  override _write(chunk: string, _encoding: string, done: () => void): void {
    this.text += chunk
    this.#onOutput?.(this.text)
    done()
  }
}
