import type { ValkeyClient } from '../../valkey/valkey-client.ts'
import type { MirrorKeys } from '../stored/keys.ts'
import { oldestClosedScript } from '../stored/read-scripts.ts'
import type { MirrorState } from './mirror-state.ts'
import type { UnitWriter } from './unit-writer.ts'

export interface PruneContext {
  readonly client: ValkeyClient
  readonly keys: MirrorKeys
  readonly state: MirrorState
  readonly writer: UnitWriter
}

/** As many orders as one unit removes; changes come in between. */
const maxOrders = 500

/**
 * Removes the oldest closed orders that ended before a time, with their history, in one unit; gives
 * how many there were. What ended before the newest of them is not mirrored again when it is told
 * once more: it is old, not new.
 */
export async function pruneOnce(
  { client, keys, state, writer }: PruneContext,
  beforeMs: number,
  deadline: number,
): Promise<number> {
  const args = [`(${beforeMs}`, String(maxOrders)]
  const found = (await client.script(oldestClosedScript, [keys.closed], args)) as string[]
  if (found.length === 0) return 0
  const prunedBefore = Math.max(state.prunedBefore, Number(found.at(-1)) + 1)
  await writer.write(async (plan) => {
    for (let i = 0; i < found.length; i += 2) plan.removeOrder(found[i]!)
    plan.note(keys.since, 'pruned', String(prunedBefore))
  }, deadline)
  state.prunedBefore = prunedBefore
  return found.length / 2
}
