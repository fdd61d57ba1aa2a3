import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import { childProgram } from './child-program.ts'
import { nextWord } from './child-words.ts'

/** A worker in a process of its own, killed when the test ends. */
export class ClusterProcess {
  readonly member: string
  readonly #child: ChildProcess
  /** The slots that it said it holds last. */
  slots: readonly number[] = []

  private constructor(member: string, child: ChildProcess) {
    this.member = member
    this.#child = child
    child.on('message', (message: { slots: number[] }) => {
      this.slots = message.slots
    })
    onTestFinished(() => {
      child.kill('SIGKILL')
    })
  }

  /** Resolves when the worker has joined. */
  static async start(
    member: string,
    {
      url,
      dataDir,
      leaseMs,
      slots,
    }: { url: string; dataDir: string; leaseMs: number; slots: number },
  ): Promise<ClusterProcess> {
    const args = [url, dataDir, member, String(leaseMs), String(slots)]
    const child = fork(await childProgram(new URL('cluster-worker.ts', import.meta.url)), args)
    const worker = new ClusterProcess(member, child)
    await nextWord(child)
    return worker
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.kill(signal)
    await ended
  }

  pause(): void {
    this.#child.kill('SIGSTOP')
  }

  resume(): void {
    this.#child.kill('SIGCONT')
  }
}
