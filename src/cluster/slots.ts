import { createHash } from 'node:crypto'

/**
 * The slot of a pair: pairs are leased in slots, so that 100,000 pairs cost as many leases as there
 * are slots. Every member of a cluster has to use the same number of slots.
 */
export function slotOf(pair: string, slots: number): number {
  return hashOf(pair) % slots
}

/**
 * The member that a slot belongs to, by rendezvous hashing: the one with the highest hash of member
 * and slot. No coordinator is asked, and when a member joins or leaves, only the slots that it gains
 * or loses move. Undefined when there is no member.
 */
export function ownerOf(slot: number, members: readonly string[]): string | undefined {
  let owner: string | undefined
  let highest = -1
  for (const member of members) {
    const hash = hashOf(`${member}|${slot}`)
    if (hash > highest || (hash === highest && member > owner!)) {
      owner = member
      highest = hash
    }
  }
  return owner
}

/** The slots that belong to a member, in order. */
export function slotsOf(member: string, members: readonly string[], slots: number): number[] {
  const own: number[] = []
  for (let slot = 0; slot < slots; slot++) if (ownerOf(slot, members) === member) own.push(slot)
  return own
}

/** 48 bits, which a number holds exactly. */
function hashOf(text: string): number {
  return createHash('sha1').update(text).digest().readUIntBE(0, 6)
}
