import { spawn } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's root; every command runs there. */
export const root: string = fileURLToPath(new URL('..', import.meta.url))

export interface RunOptions {
  readonly deadlineMs?: number
  readonly environment?: Readonly<Record<string, string>>
  /** Takes what the command prints; without it that goes to this terminal. */
  readonly onOutput?: (text: string) => void
}

const interrupts = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Runs a command of node_modules/.bin and resolves with its exit code; a command that was killed or
 * could not be started counts as 1. It gets a process group of its own, which dies whole when
 * `deadlineMs` passes or this process is told to stop, so that a stuck worker of a worker cannot
 * stay behind.
 */
export function run(
  command: string,
  args: readonly string[],
  { deadlineMs = 0, environment = {}, onOutput }: RunOptions = {},
): Promise<number> {
  const path = [join(root, 'node_modules', '.bin'), process.env['PATH']].join(delimiter)
  const output = onOutput === undefined ? 'inherit' : 'pipe'
  const child = spawn(command, args, {
    cwd: root,
    stdio: ['ignore', output, output],
    env: { ...process.env, PATH: path, ...environment },
    detached: true,
  })
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => onOutput?.(text))
  const killGroup = (): void => {
    if (child.pid === undefined) return
    try {
      process.kill(-child.pid, 'SIGKILL')
    } catch {
      // The group has ended by itself.
    }
  }
  // A signal ends every command that runs at that moment, not only the one that hears it first.
  process.prependOnceListener('exit', killGroup)
  for (const signal of interrupts) process.once(signal, interrupted)
  const deadline = deadlineMs > 0 ? setTimeout(killGroup, deadlineMs) : undefined

  return new Promise<number>((resolve) => {
    child.once('error', (error) => {
      console.error(`${command}: ${error.message}`)
      resolve(1)
    })
    child.once('exit', killGroup)
    // Not before everything that it printed was read.
    child.once('close', (code) => resolve(code ?? 1))
  }).finally(() => {
    clearTimeout(deadline)
    for (const signal of interrupts) process.off(signal, interrupted)
    process.off('exit', killGroup)
  })
}

function interrupted(): void {
  process.exit(130)
}
