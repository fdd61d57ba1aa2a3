import { spawn } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's root; every command runs there. */
export const root: string = fileURLToPath(new URL('..', import.meta.url))

const interrupts = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Runs a command of node_modules/.bin with this terminal and resolves with its exit code; a
 * command that was killed or could not be started counts as 1. It gets a process group of its
 * own, which dies whole when `deadlineMs` passes or this process is told to stop, so that a stuck
 * worker of a worker cannot stay behind.
 */
export function run(
  command: string,
  args: readonly string[],
  { deadlineMs = 0 }: { readonly deadlineMs?: number } = {},
): Promise<number> {
  const path = [join(root, 'node_modules', '.bin'), process.env['PATH']].join(delimiter)
  const child = spawn(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, PATH: path },
    detached: true,
  })
  const killGroup = (): void => {
    if (child.pid === undefined) return
    try {
      process.kill(-child.pid, 'SIGKILL')
    } catch {
      // The group has ended by itself.
    }
  }
  const interrupted = (): void => {
    killGroup()
    process.exit(130)
  }
  for (const signal of interrupts) process.once(signal, interrupted)
  const deadline = deadlineMs > 0 ? setTimeout(killGroup, deadlineMs) : undefined

  return new Promise<number>((resolve) => {
    child.once('error', (error) => {
      console.error(`${command}: ${error.message}`)
      resolve(1)
    })
    child.once('exit', (code) => {
      killGroup()
      resolve(code ?? 1)
    })
  }).finally(() => {
    clearTimeout(deadline)
    for (const signal of interrupts) process.off(signal, interrupted)
  })
}
