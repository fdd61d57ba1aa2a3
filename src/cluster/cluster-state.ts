import { clusterKeys } from './cluster-keys.ts'
import { logOf, resolveClusterOptions, type ClusterOptions } from './cluster-options.ts'
import { stateScript } from './lease-scripts.ts'
import { slotOf } from './slots.ts'

/** A member of a cluster as the others see it. */
export interface MemberState {
  /** Name of the worker. */
  readonly member: string
  /** Where its pairs can be read; null when it told none. */
  readonly address: string | null
  /** Host name or address. */
  readonly host: string
  /** Process id. */
  readonly pid: number
  /** Unix ms, by its own clock. */
  readonly startedAt: number
  /** Age of the worker's last sign of life, in ms. */
  readonly heartbeatAgoMs: number
  /** Slots whose lease it holds. */
  readonly slots: number
  /** Entries of its slots that wait to be stored. */
  readonly waiting: number
}

/** What `clusterState` tells. */
export interface ClusterState {
  /** The workers. */
  readonly members: readonly MemberState[]
  /** The slots. */
  readonly slots: number
  /** Slots without a lease that holds, and the entries that wait in their logs. */
  readonly unowned: number
  /** Entries in slots that no worker holds. */
  readonly unownedWaiting: number
}

interface Lease {
  readonly owner: string
  readonly expires: number
}

/** Who owns what in a cluster, and what waits. */
export async function clusterState(options: ClusterOptions): Promise<ClusterState> {
  const resolved = resolveClusterOptions('clusterState', options)
  const { client, name, slots } = resolved
  const keys = clusterKeys(name)
  const reply = await client.script(stateScript, [keys.members, keys.about, keys.leases], [])
  const [now, members, about, leases] = reply as [number, string[], string[], string[]]
  const told = byField(about)
  const owners = new Map<number, string>()
  for (const [slot, text] of byField(leases)) {
    const { owner, expires } = leaseOf(text)
    if (owner !== '' && expires > now) owners.set(Number(slot), owner)
  }
  const lengths = await logOf(resolved).lengths(Array.from({ length: slots }, (_, slot) => slot))
  const sumOf = (isMine: (slot: number) => boolean): number =>
    lengths.reduce((sum, length, slot) => (isMine(slot) ? sum + length : sum), 0)
  return {
    members: [...byField(members)].map(([member, heartbeat]) => ({
      member,
      ...wordsOf(told.get(member)),
      heartbeatAgoMs: now - Number(heartbeat),
      slots: [...owners.values()].filter((owner) => owner === member).length,
      waiting: sumOf((slot) => owners.get(slot) === member),
    })),
    slots,
    unowned: slots - owners.size,
    unownedWaiting: sumOf((slot) => !owners.has(slot)),
  }
}

/** The address of the worker that holds a pair now; null when nobody does, or it told none. */
export async function ownerAddress(options: ClusterOptions, pair: string): Promise<string | null> {
  const { client, name, slots } = resolveClusterOptions('ownerAddress', options)
  const keys = clusterKeys(name)
  const lease = await client.command(['HGET', keys.leases, String(slotOf(pair, slots))])
  if (typeof lease !== 'string') return null
  const words = await client.command(['HGET', keys.about, leaseOf(lease).owner])
  return wordsOf(words as string | null).address
}

function leaseOf(text: string): Lease {
  const [, owner = '', expires = '0'] = /^\d+\|(.*)\|(\d+)$/.exec(text) ?? []
  return { owner, expires: Number(expires) }
}

function wordsOf(json: string | null | undefined): {
  address: string | null
  host: string
  pid: number
  startedAt: number
} {
  const words = JSON.parse(json ?? '{}') as Partial<ReturnType<typeof wordsOf>>
  const { address = null, host = '', pid = 0, startedAt = 0 } = words
  return { address, host, pid, startedAt }
}

function byField(flat: readonly string[]): Map<string, string> {
  return new Map(
    Array.from({ length: flat.length / 2 }, (_, at) => [flat[at * 2]!, flat[at * 2 + 1]!]),
  )
}
