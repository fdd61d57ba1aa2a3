import { setTimeout as delay } from 'node:timers/promises'
import type { WantedFiles } from '../file/wanted-files.ts'
import type { ConnectionPool } from '../pool/connection-pool.ts'
import type { Leases } from '../pool/leases.ts'
import { RepeatingTask } from './repeating-task.ts'

/** Tells which pairs another process waits for. */
type Wanted = Pick<WantedFiles, 'wanted'>

const lookMs = 250
const drainLookMs = 20
/** How long what reads may go on; then it is ended, since who waits to write would lose rows. */
const graceMs = 3000

/**
 * Gives up the files that this process only reads to one that waits to write to them: a server that
 * is asked all the time would else keep a bot out that is started anew.
 */
export class GiveWay {
  readonly #pool: ConnectionPool
  readonly #leases: Leases
  readonly #wanted: Wanted
  readonly #looks = new RepeatingTask(
    () => this.look(),
    () => undefined,
  )

  constructor(pool: ConnectionPool, leases: Leases, wanted: Wanted) {
    this.#pool = pool
    this.#leases = leases
    this.#wanted = wanted
    this.#looks.start(lookMs)
  }

  /** Lets go of what is wanted. */
  async look(): Promise<void> {
    const onlyRead = this.#pool.onlyRead().filter((name) => !this.#leases.isLent(name))
    const names = await this.#wanted.wanted(onlyRead)
    await Promise.all(names.map((name) => this.#give(name)))
  }

  stop(): Promise<void> {
    return this.#looks.stop()
  }

  async #give(name: string): Promise<void> {
    if (this.#leases.isLent(name)) return
    const isHeld = this.#pool.drain(name)
    const until = performance.now() + graceMs
    while (isHeld() && performance.now() < until) await delay(drainLookMs)
    if (isHeld()) await this.#leases.revokeReads(name)
  }
}
