/**
 * The keys of a cluster in Valkey. All of them carry the same hash tag, so that in Valkey's own
 * cluster mode a script may use several of them.
 */
export interface ClusterKeys {
  /** Sorted set: member → the server's time of its last heartbeat, in ms. */
  readonly members: string
  /** Hash: member → its address and what it says of itself, as JSON. */
  readonly about: string
  /** Hash: slot → `token|owner|expires at, in the server's ms`. */
  readonly leases: string
  /** Channel: a slot's number, when something was appended to its log. */
  readonly appended: string
  /** Channel: `slot|id` of the last entry that is stored in a pair's file. */
  readonly stored: string
  /** The stream of a slot. */
  log(slot: number): string
  /** The stream of entries of a slot that no worker could store. */
  refused(slot: number): string
}

/** `name` is what tells clusters on one server apart. */
export function clusterKeys(name: string): ClusterKeys {
  const prefix = `pairduck:{${name}}`
  return {
    members: `${prefix}:members`,
    about: `${prefix}:about`,
    leases: `${prefix}:leases`,
    appended: `${prefix}:appended`,
    stored: `${prefix}:stored`,
    log: (slot) => `${prefix}:log:${slot}`,
    refused: (slot) => `${prefix}:refused:${slot}`,
  }
}
