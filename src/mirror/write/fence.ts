import { randomUUID } from 'node:crypto'
import { PairduckError } from '../../errors.ts'
import type { Unsubscribe, ValkeyClient } from '../../valkey/valkey-client.ts'
import { pause } from '../model/clock.ts'
import type { MirrorClock } from '../model/clock.ts'
import type { MirrorKeys } from '../stored/keys.ts'
import {
  renewScript,
  resignScript,
  restoreScript,
  speakScript,
  takeOverScript,
} from './fence-scripts.ts'

/** How long a writer waits for its own voice on the writers' channel before it gives up. */
const barrierMs = 2_000
const barrierRepeatMs = 100

export interface FenceOptions {
  readonly client: ValkeyClient
  readonly keys: MirrorKeys
  readonly writerId: string
  readonly leaseMs: number
  readonly clock: MirrorClock
}

/**
 * One writer's right to write. The fence key holds the token of the newest writer; every unit
 * compares it with its own. The lease, measured by the monotonic clock, says how long after its
 * last renewal a writer may believe that nobody could have taken over behind a flush.
 */
export class Fence {
  readonly #options: FenceOptions
  readonly #instance = randomUUID()
  /** Take-overs announced before this writer had its own token to compare them with. */
  readonly #early: string[] = []
  /** What this writer says to itself; undefined once it has come back. */
  #ownWords: string | undefined
  /** Own take-over has been heard: whatever is announced after it is a newer one. */
  #heardOwn = false
  #listening: Unsubscribe | undefined
  #leaseUntil = -Infinity
  #lost: PairduckError | undefined
  /** Own fence value: token, writer and instance. */
  value = ''
  epoch = ''
  /** The sequence number of the last own unit. */
  sequence = '0'
  /** Called once, when another writer is known to have taken over. */
  onLost: (error: PairduckError) => void = () => undefined

  constructor(options: FenceOptions) {
    this.#options = options
  }

  /** Takes over from whoever held the fence. */
  async takeOver(): Promise<void> {
    const { client, keys } = this.#options
    this.#listening = await client.subscribe(keys.writers, (message) => this.#hear(message))
    await this.#take('')
  }

  /**
   * Takes over again after the fence was gone, as after a server was away and came back empty:
   * only if nobody else holds it. Throws `FENCED` for good when somebody does.
   */
  async takeBack(): Promise<void> {
    const own = this.value
    // What is announced from now on is compared with the token to come.
    this.value = ''
    this.#heardOwn = false
    try {
      await this.#take(own)
      this.#lost = undefined
    } catch (error) {
      this.value = own
      throw error
    }
    for (const message of this.#early.splice(0)) this.#hear(message)
  }

  /** Whether this writer ended though nobody is known to have taken over. */
  get isLostToNobody(): boolean {
    return this.#lost !== undefined && this.#lost.details['found'] === ''
  }

  async #take(unlessOther: string): Promise<void> {
    const { client, keys, writerId, leaseMs } = this.#options
    const start = this.#options.clock.monotonicMs()
    const owner = `${writerId}:${this.#instance}`
    const epoch = randomUUID()
    const reply = await client.script(
      takeOverScript,
      [keys.fence, keys.epoch, keys.sequence, keys.leader],
      [owner, String(leaseMs), epoch, writerId, keys.writers, unlessOther],
    )
    const [value, sequence] = reply as string[]
    if (value === 'FENCED') {
      this.#lost = undefined
      throw this.lose(sequence!, 'another writer has taken over')
    }
    this.value = value!
    this.epoch = epoch
    this.sequence = sequence!
    this.#leaseUntil = start + leaseMs
    if (unlessOther === '') for (const message of this.#early.splice(0)) this.#hear(message)
  }

  /** The error that ended this writer, if one did. */
  get lost(): PairduckError | undefined {
    return this.#lost
  }

  /**
   * Renews lease and leader key. Gives whether the server still holds what this writer wrote
   * last; puts the fence back when a flush took it. Throws `FENCED`.
   */
  async renew(): Promise<boolean> {
    this.throwIfLost()
    const [answer, found] = await this.#renewOnce()
    if (answer !== 'OK') await this.recover(found)
    return answer === 'OK' && found === this.sequence
  }

  /**
   * Renews lease and leader key beside whatever is being written, and changes nothing else. Gives
   * false when there may be something to {@link renew | look after} when the writer has time.
   */
  async extendLease(): Promise<boolean> {
    const [answer, found] = await this.#renewOnce()
    return answer === 'OK' && found === this.sequence
  }

  /**
   * After a unit found another fence than its own. Another writer's, or none while the own lease
   * has run out, ends this writer. Else the server lost the key: the own token is put back and a
   * new epoch begun.
   */
  async recover(found: string): Promise<void> {
    this.throwIfLost()
    if (found !== '' && found !== this.value)
      throw this.lose(found, 'another writer has taken over')
    if (this.#options.clock.monotonicMs() >= this.#leaseUntil)
      throw this.lose(found, 'the fence is gone and the own lease has run out')
    // A take-over before the flush was announced on this channel, and what was announced before
    // the own words arrives before them.
    await this.#hearMyself()
    this.throwIfLost()
    await this.beginEpoch()
  }

  /** Begins a new epoch: what the server holds is not what was written; watchers look again. */
  async beginEpoch(): Promise<void> {
    const { client, keys, writerId, leaseMs } = this.#options
    const epoch = randomUUID()
    const start = this.#options.clock.monotonicMs()
    const reply = await client.script(
      restoreScript,
      [keys.fence, keys.epoch, keys.sequence, keys.leader],
      [this.value, epoch, this.sequence, writerId, String(leaseMs)],
    )
    const [answer, found] = reply as string[]
    if (answer !== 'OK') throw this.lose(found!, 'another writer has taken over')
    this.epoch = epoch
    this.sequence = found!
    this.#leaseUntil = start + leaseMs
  }

  /** Ends this writer; gives the error that its calls are rejected with. */
  lose(found: string, reason: string): PairduckError {
    if (this.#lost === undefined) {
      this.#lost = new PairduckError(
        'FENCED',
        `writer ${this.#options.writerId} may not write any more: ${reason}`,
        { fence: this.value, found },
      )
      this.onLost(this.#lost)
    }
    return this.#lost
  }

  throwIfLost(): void {
    if (this.#lost !== undefined) throw this.#lost
  }

  /** Gives the leader key back, so that the next writer need not wait for it to run out. */
  async resign(): Promise<void> {
    const { client, keys } = this.#options
    await this.#listening?.()
    this.#listening = undefined
    if (this.#lost === undefined && this.value !== '')
      await client.script(resignScript, [keys.fence, keys.leader], [this.value])
  }

  async #renewOnce(): Promise<[answer: string, found: string]> {
    const { client, keys, writerId, leaseMs } = this.#options
    const start = this.#options.clock.monotonicMs()
    const reply = await client.script(
      renewScript,
      [keys.fence, keys.sequence, keys.leader],
      [this.value, writerId, String(leaseMs)],
    )
    const [answer, found] = reply as [string, string]
    if (answer === 'OK') this.#leaseUntil = start + leaseMs
    return [answer, found]
  }

  #hear(message: string): void {
    if (message.startsWith('heard:')) {
      if (message === this.#ownWords) this.#ownWords = undefined
    } else if (this.value === '') this.#early.push(message)
    else if (message === this.value) this.#heardOwn = true
    else if (this.#heardOwn || tokenOf(message) > tokenOf(this.value))
      this.lose(message, 'another writer has taken over')
  }

  async #hearMyself(): Promise<void> {
    const { client, keys } = this.#options
    const words = `heard:${randomUUID()}`
    this.#ownWords = words
    const deadline = this.#options.clock.monotonicMs() + barrierMs
    while (this.#ownWords !== undefined) {
      if (this.#options.clock.monotonicMs() > deadline)
        throw this.lose('', 'the fence is gone and take-overs could not be ruled out')
      await client.script(speakScript, [keys.fence], [keys.writers, words])
      for (let waited = 0; waited < barrierRepeatMs && this.#ownWords === words; waited += 5)
        await pause(this.#options.clock, 5)
    }
  }
}

function tokenOf(fence: string): number {
  return Number(/^\d+/.exec(fence)?.[0] ?? -1)
}
