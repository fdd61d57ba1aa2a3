import { PairduckError } from '../errors.ts'
import { integer, oneOf, resolveOptions, signalRule } from '../options.ts'
import { formatPair, parsePair, type PairLike } from '../pair.ts'
import type { Tick } from '../schema/rows.ts'
import type { TickColumns } from '../storage/write/tick.ts'
import { maxTimerMs } from '../time.ts'
import type { Unsubscribe, ValkeyClient } from '../valkey/valkey-client.ts'
import { clusterKeys, type ClusterKeys } from './cluster-keys.ts'
import {
  logOf,
  resolveClusterOptions,
  type ClusterOptions,
  type ResolvedClusterOptions,
} from './cluster-options.ts'
import type { IngestLog } from './ingest-log.ts'
import { slotOf } from './slots.ts'
import { encodeTicks } from './tick-entry.ts'
import { isLaterEntry } from './valkey-log.ts'

/** Options of `send`. */
export interface SendOptions {
  /**
   * `logged` (default): resolves when the ticks are in the log, where the pair's worker finds them;
   * how safe they are there is the server's setting (`appendfsync`). `stored`: resolves when they are
   * durable in the pair's file.
   */
  readonly until?: 'logged' | 'stored'
  /** How long `stored` waits, in ms, then `ABORTED`; the ticks stay in the log. Default 30,000. */
  readonly timeoutMs?: number
  /** Ends the waiting for `stored`. */
  readonly signal?: AbortSignal
}

/** Where a call's ticks are. */
export interface SendReceipt {
  /** Number of the slot. */
  readonly slot: number
  /** The entry of the slot's log. */
  readonly id: string
}

const sendRules = {
  until: oneOf(['logged', 'stored'], 'logged'),
  timeoutMs: integer(1, maxTimerMs, 30_000),
  signal: signalRule,
}

/** Between two looks whether an entry is stored, for when the word of it was missed. */
const lookEveryMs = 250

/**
 * Sends ticks to the workers of a cluster. A call whose answer was lost may have been logged: sending
 * it again is right, because each trade id is stored once.
 */
export class Producer {
  readonly #options: ResolvedClusterOptions
  readonly #client: ValkeyClient
  readonly #keys: ClusterKeys
  readonly #log: IngestLog
  readonly #waiting = new Map<number, Set<(stored: string) => void>>()
  #listening: Promise<Unsubscribe> | undefined

  constructor(options: ClusterOptions) {
    this.#options = resolveClusterOptions('Producer', options)
    this.#client = this.#options.client
    this.#keys = clusterKeys(this.#options.name)
    this.#log = logOf(this.#options)
  }

  /**
   * Appends a call's ticks to the log of their pair's slot. Rejects with INVALID_TICK, naming index
   * and field, for what no file would store; with BACKPRESSURE when the slot's log is full.
   */
  async insertTicks(
    pair: PairLike,
    ticks: readonly Tick[] | TickColumns,
    options?: SendOptions,
  ): Promise<SendReceipt> {
    const { until, timeoutMs, signal } = resolveOptions('insertTicks', options, sendRules)
    const name = formatPair(typeof pair === 'string' ? parsePair(pair) : pair)
    // A worker compares with its own clock, which may differ from this one, and refuses a tick that lies too far ahead.
    const entry = encodeTicks(ticks, Infinity)
    const slot = slotOf(name, this.#options.slots)
    if (until === 'stored') await (this.#listening ??= this.#listen())
    const id = await this.#log.append(slot, name, entry)
    if (until === 'stored') await this.#whenStored(slot, id, { timeoutMs, signal, name })
    return { slot, id }
  }

  /** Ends the listening; the connection stays the caller's. */
  async close(): Promise<void> {
    const listening = this.#listening
    this.#listening = undefined
    await (
      await listening
    )?.()
  }

  #listen(): Promise<Unsubscribe> {
    return this.#client.subscribe(this.#keys.stored, (message) => {
      const [slot, id] = message.split('|')
      for (const tell of this.#waiting.get(Number(slot)) ?? []) tell(id!)
    })
  }

  async #whenStored(
    slot: number,
    id: string,
    {
      timeoutMs,
      signal,
      name,
    }: { timeoutMs: number; signal?: AbortSignal | undefined; name: string },
  ): Promise<void> {
    const deadline = AbortSignal.timeout(timeoutMs)
    const ending = signal === undefined ? deadline : AbortSignal.any([deadline, signal])
    const told = this.#waiting.get(slot) ?? new Set()
    this.#waiting.set(slot, told)
    try {
      // What is stored is taken off the log.
      while (await this.#log.holds(slot, id)) {
        if (ending.aborted)
          throw new PairduckError(
            'ABORTED',
            `${name}: entry ${id} is in the log of slot ${slot} and not stored yet; it will be when the slot's worker comes to it`,
            { pair: name, slot, id, cause: ending.reason },
          )
        await new Promise<void>((resolve) => {
          const look = (): void => {
            clearTimeout(timer)
            ending.removeEventListener('abort', look)
            told.delete(hear)
            resolve()
          }
          const hear = (stored: string): void => {
            if (!isLaterEntry(id, stored)) look()
          }
          const timer = setTimeout(look, lookEveryMs)
          ending.addEventListener('abort', look, { once: true })
          told.add(hear)
        })
      }
    } finally {
      if (told.size === 0) this.#waiting.delete(slot)
    }
  }
}
