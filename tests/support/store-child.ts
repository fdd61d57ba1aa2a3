import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import type { DatabaseManager, ErrorCode, ManagerOptions } from '../../src/index.ts'
import { childProgram } from './child-program.ts'
import { endOf } from './child-words.ts'

type Method = {
  [Name in keyof DatabaseManager]: DatabaseManager[Name] extends (...args: never[]) => unknown
    ? Name
    : never
}[keyof DatabaseManager]

interface Answer {
  id: number
  result?: unknown
  error?: { code?: ErrorCode; message: string }
}

/** A manager in a process of its own, spoken to by messages; killed when the test ends. */
export class StoreChild {
  readonly #process: ChildProcess
  #nextId = 0

  private constructor(child: ChildProcess) {
    this.#process = child
    onTestFinished(() => {
      child.kill('SIGKILL')
    })
  }

  static async start(options: ManagerOptions): Promise<StoreChild> {
    const child = new StoreChild(
      fork(await childProgram(new URL('store-child-main.ts', import.meta.url))),
    )
    await child.#ask({ open: options })
    return child
  }

  get pid(): number {
    return this.#process.pid!
  }

  /** Calls a method of the manager there; arguments and result travel as JSON. */
  call<Result = unknown>(method: Method, ...args: unknown[]): Promise<Result> {
    return this.#ask({ method, args }) as Promise<Result>
  }

  /** Takes a lease, runs statements on its raw connection, and never gives it back. */
  hold(pair: string, ...statements: string[]): Promise<unknown> {
    return this.#ask({ hold: pair, statements })
  }

  /** Runs a SELECT over a file by a DuckDB of its own, without pairduck. */
  duckdb(file: string, select: string): Promise<unknown[][]> {
    return this.#ask({ duckdb: file, select }) as Promise<unknown[][]>
  }

  /** kill -9. */
  async kill(): Promise<void> {
    const ended = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await ended
  }

  /** Closes the manager and resolves with the exit code: the process ends by itself. */
  async close(): Promise<number> {
    const ended = once(this.#process, 'exit')
    await this.#ask({ method: 'close', args: [] })
    this.#process.disconnect()
    const [code] = (await ended) as [number]
    return code
  }

  #ask(request: object): Promise<unknown> {
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      const onEnd = (): void =>
        reject(endOf(this.#process, `before it answered ${JSON.stringify(request).slice(0, 100)}`))
      const onAnswer = ({ id: of, result, error }: Answer): void => {
        if (of !== id) return
        this.#process.off('message', onAnswer).off('disconnect', onEnd)
        if (error === undefined) resolve(result)
        else reject(Object.assign(new Error(error.message), error))
      }
      this.#process.on('message', onAnswer).on('disconnect', onEnd)
      this.#process.send({ id, ...request })
    })
  }
}
