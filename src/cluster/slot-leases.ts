import type { ValkeyClient } from '../valkey/valkey-client.ts'
import type { ClusterKeys } from './cluster-keys.ts'
import { claimScript, releaseScript, renewScript } from './lease-scripts.ts'

/** The leased slots of a member. */
export interface SlotLeaseOptions {
  readonly client: ValkeyClient
  readonly keys: ClusterKeys
  readonly member: string
  readonly leaseMs: number
  /** A clock that only runs forward, in ms. */
  readonly monotonic?: () => number
}

interface SlotLease {
  readonly token: number
  /** Until then, by the monotonic clock, the owner may write. */
  mayWriteUntil: number
}

/**
 * The slots that this member holds. A lease lasts `leaseMs` on the server; its owner stops writing
 * already half of that after the last renewal, measured by its own monotonic clock from before the
 * renewal was sent. So a member that was stopped, or that cannot reach the server, has ended its
 * writing before anybody else may begin.
 */
export class SlotLeases {
  readonly #options: SlotLeaseOptions
  readonly #monotonic: () => number
  readonly #held = new Map<number, SlotLease>()

  constructor(options: SlotLeaseOptions) {
    this.#options = options
    this.#monotonic = options.monotonic ?? (() => performance.now())
  }

  /** The slots that are held, whether or not they may be written now. */
  get slots(): number[] {
    return [...this.#held.keys()]
  }

  /** Whether the slot is held and its lease is fresh enough to write. */
  mayWrite(slot: number): boolean {
    const lease = this.#held.get(slot)
    return lease !== undefined && this.#monotonic() < lease.mayWriteUntil
  }

  /** Leases those of the slots that nobody holds; returns them. */
  async claim(slots: readonly number[]): Promise<number[]> {
    if (slots.length === 0) return []
    const { client, keys, member, leaseMs } = this.#options
    const sentAt = this.#monotonic()
    const args = [member, String(leaseMs), ...slots.map(String)]
    const tokens = (await client.script(claimScript, [keys.leases], args)) as number[]
    const granted = slots.filter((_, index) => tokens[index]! > 0)
    for (const [index, slot] of slots.entries())
      if (tokens[index]! > 0)
        this.#held.set(slot, { token: tokens[index]!, mayWriteUntil: sentAt + leaseMs / 2 })
    return granted
  }

  /** Renews all leases; returns the slots that are lost to another member, which are held no more. */
  async renew(): Promise<number[]> {
    const held = [...this.#held]
    if (held.length === 0) return []
    const { client, keys, member, leaseMs } = this.#options
    const sentAt = this.#monotonic()
    const pairs = held.flatMap(([slot, { token }]) => [String(slot), String(token)])
    const args = [member, String(leaseMs), ...pairs]
    const kept = (await client.script(renewScript, [keys.leases], args)) as number[]
    const lost: number[] = []
    for (const [index, [slot, lease]] of held.entries()) {
      if (kept[index] === 1) lease.mayWriteUntil = sentAt + leaseMs / 2
      else {
        this.#held.delete(slot)
        lost.push(slot)
      }
    }
    return lost
  }

  /** Gives a slot back. Its files have to be closed before: the next owner opens them at once. */
  async release(slot: number): Promise<void> {
    const lease = this.#held.get(slot)
    if (lease === undefined) return
    this.#held.delete(slot)
    const { client, keys, member } = this.#options
    const args = [member, String(slot), String(lease.token)]
    await client.script(releaseScript, [keys.leases], args)
  }

  /** Forgets a slot without a word to the server: its lease runs out by itself. */
  drop(slot: number): void {
    this.#held.delete(slot)
  }
}
