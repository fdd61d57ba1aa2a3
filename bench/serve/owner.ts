import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { OwnerCalls } from './owner-process.ts'

interface Answer {
  readonly id: number
  readonly answer?: unknown
  readonly error?: string
}

/** The owner of a data directory in a process of its own, which is told what to do. */
export class Owner {
  readonly url: string
  readonly #child: ChildProcess
  #calls = 0

  private constructor(child: ChildProcess, url: string) {
    this.#child = child
    this.url = url
    child.setMaxListeners(0)
  }

  static async start(dataDir: string): Promise<Owner> {
    const child = fork(fileURLToPath(new URL('owner-process.ts', import.meta.url)), [dataDir], {
      stdio: ['ignore', 2, 2, 'ipc'],
    })
    const [hello] = (await once(child, 'message')) as [{ readonly url: string }]
    return new Owner(child, hello.url)
  }

  async call<Name extends keyof OwnerCalls>(
    name: Name,
    ...[given]: Parameters<OwnerCalls[Name]>
  ): Promise<Awaited<ReturnType<OwnerCalls[Name]>>> {
    const id = this.#calls++
    this.#child.send({ id, name, given: given ?? {} })
    for (;;) {
      const [answer] = (await once(this.#child, 'message')) as [Answer]
      if (answer.id !== id) continue
      if (answer.error !== undefined) throw new Error(answer.error)
      return answer.answer as Awaited<ReturnType<OwnerCalls[Name]>>
    }
  }

  async close(): Promise<void> {
    const gone = once(this.#child, 'exit')
    this.#child.disconnect()
    await gone
  }
}
