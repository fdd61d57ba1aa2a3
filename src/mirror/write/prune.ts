import type { ValkeyClient } from '../../valkey/valkey-client.ts'
import { carryOver } from '../model/carried-position.ts'
import { fillName, tradedName, tradedNameOf } from '../model/fill-names.ts'
import { decodeFill } from '../stored/fill-json.ts'
import { readEntries } from '../stored/hash-entries.ts'
import type { MirrorKeys } from '../stored/keys.ts'
import { decodeState } from '../stored/order-json.ts'
import { oldestScript } from '../stored/read-scripts.ts'
import { loadTraded, loadTransfers } from './change-needs.ts'
import type { MirrorState } from './mirror-state.ts'
import type { UnitWriter } from './unit-writer.ts'

export interface PruneContext {
  readonly client: ValkeyClient
  readonly keys: MirrorKeys
  readonly state: MirrorState
  readonly writer: UnitWriter
}

/** As many things as one unit removes; changes come in between. */
const maxRemoved = 500

/**
 * Removes the oldest closed orders that ended before a time, with their history, in one unit; gives
 * how many there were. What ended before the newest of them is not mirrored again when it is told
 * once more: it is old, not new.
 */
export async function pruneOrders(
  { client, keys, state, writer }: PruneContext,
  beforeMs: number,
  deadline: number,
): Promise<number> {
  const { ids, newestMs } = await oldest(client, keys.closed, beforeMs)
  if (ids.length === 0) return 0
  const prunedBefore = Math.max(state.prunedBefore, newestMs + 1)
  const orders = await knownOrRead(
    ids,
    (id) => state.closedOrders.get(id)?.state,
    (missing) => readEntries(client, keys.orders, missing, decodeState),
  )
  const traded = orders.map(tradedNameOf)
  await loadTraded({ client, keys, state }, traded)
  await writer.write(async (plan) => {
    for (const id of ids) plan.removeOrder(id)
    for (const name of traded) plan.fills.removeTraded(name)
    plan.note(keys.since, 'pruned', String(prunedBefore))
  }, deadline)
  state.prunedBefore = prunedBefore
  return ids.length
}

/**
 * Removes the oldest trades of a symbol from before a time in one unit; gives how many there were.
 * The sums have them counted, and the position goes on from what they left behind.
 */
export async function pruneFills(
  context: PruneContext,
  symbol: string,
  beforeMs: number,
  deadline: number,
): Promise<number> {
  const { client, keys, state, writer } = context
  const { ids, newestMs } = await oldest(client, keys.fillTimes(symbol), beforeMs, true)
  if (ids.length === 0) return 0
  const fills = await knownOrRead(
    ids,
    (id) => state.fills.get(fillName({ symbol, id })),
    (missing) => readEntries(client, keys.fills(symbol), missing, decodeFill),
  )
  await loadTraded(context, fills.map(tradedName))
  const known = state.carried.get(symbol)
  const removedBefore = Math.max(known?.beforeMs ?? 0, newestMs + 1)
  const carried = carryOver(known, symbol, fills, removedBefore)
  await writer.write(async (plan) => {
    plan.fills.remove(ids, fills, carried)
  }, deadline)
  return ids.length
}

/** Removes the transfers from before a time whose worth is known, in one unit; gives how many. */
export async function pruneTransfers(
  { client, keys, state, writer }: PruneContext,
  beforeMs: number,
  deadline: number,
): Promise<number> {
  if (!state.transfersLoaded) await loadTransfers({ client, keys, state })
  const old = [...state.transfers.values()]
    .filter(({ timestamp, refValue }) => timestamp < beforeMs && refValue !== null)
    .sort((a, b) => a.timestamp - b.timestamp)
    .slice(0, maxRemoved)
  if (old.length === 0) return 0
  const removedBefore = Math.max(state.transfersBefore, old.at(-1)!.timestamp + 1)
  await writer.write(async (plan) => {
    for (const transfer of old) plan.transfers.remove(transfer)
    plan.note(keys.since, 'transfers', String(removedBefore))
  }, deadline)
  state.transfersBefore = removedBefore
  return old.length
}

interface Oldest {
  readonly ids: readonly string[]
  readonly newestMs: number
}

/** The ids from before a time, the oldest first. `whole`: those of one moment stay together. */
async function oldest(
  client: ValkeyClient,
  index: string,
  beforeMs: number,
  whole = false,
): Promise<Oldest> {
  const args = [`(${beforeMs}`, String(maxRemoved)]
  const found = (await client.script(oldestScript, [index], args)) as string[]
  const scores = found.filter((_, at) => at % 2 === 1).map(Number)
  const ids = found.filter((_, at) => at % 2 === 0)
  const newestMs = scores.at(-1) ?? 0
  const begun = scores.indexOf(newestMs)
  if (!whole || ids.length < maxRemoved || begun === 0) return { ids, newestMs }
  // The rest of the newest moment may be behind the end of the page.
  return { ids: ids.slice(0, begun), newestMs: scores[begun - 1]! }
}

/** What is remembered need not be read; which most of what is removed in time is. */
async function knownOrRead<T extends object>(
  ids: readonly string[],
  known: (id: string) => T | undefined,
  read: (missing: readonly string[]) => Promise<ReadonlyMap<string, T>>,
): Promise<T[]> {
  const found: T[] = []
  const missing: string[] = []
  for (const id of ids) {
    const value = known(id)
    if (value === undefined) missing.push(id)
    else found.push(value)
  }
  if (missing.length > 0) for (const value of (await read(missing)).values()) found.push(value)
  return found
}
