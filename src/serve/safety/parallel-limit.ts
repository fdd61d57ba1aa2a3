import { PairduckError } from '../../errors.ts'

/** How many answers run at once, per client and in all. Beyond it: `SERVER_BUSY`, at once. */
export class ParallelLimit {
  readonly #perClient: number
  readonly #inAll: number
  readonly #running = new Map<string, number>()
  #total = 0

  constructor(perClient: number, inAll: number) {
    this.#perClient = perClient
    this.#inAll = inAll
  }

  /** Takes a place; what it returns gives it back, once. */
  enter(client: string): () => void {
    const running = this.#running.get(client) ?? 0
    if (running >= this.#perClient || this.#total >= this.#inAll)
      throw new PairduckError(
        'SERVER_BUSY',
        running >= this.#perClient
          ? `this client has ${running} answers under way (\`maxParallelPerClient\`)`
          : `${this.#total} answers are under way (\`maxParallel\`)`,
      )
    this.#running.set(client, running + 1)
    this.#total++
    let left = false
    return () => {
      if (left) return
      left = true
      this.#total--
      const rest = this.#running.get(client)! - 1
      if (rest === 0) this.#running.delete(client)
      else this.#running.set(client, rest)
    }
  }
}
