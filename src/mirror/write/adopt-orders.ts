import { decodeState } from '../stored/order-json.ts'
import { readable } from '../stored/stored-value.ts'
import type { PruneContext } from './prune.ts'

const perUnit = 500
/** The field that says that all closed orders are in their index. */
const indexed = 'closed'

/**
 * Puts closed orders of a mirror from before there was an index of them (0.1) into it, a page in a
 * unit, so that they go in time too; gives how many orders it looked at. Once for each mirror: what
 * is cut short begins anew, which writes nothing twice.
 */
export async function adoptClosedOrders(
  { client, keys, state, writer }: PruneContext,
  deadline: number,
): Promise<number> {
  const search = state.closedSearch
  if (search === undefined) return 0
  if ((await client.command(['HGET', keys.since, indexed])) !== null) {
    state.closedSearch = undefined
    return 0
  }
  const page = ['HSCAN', keys.orders, search.cursor, 'COUNT', String(perUnit)]
  const [cursor, flat] = (await client.command(page)) as [string, string[]]
  const ended: [timeMs: number, id: string][] = []
  for (let at = 0; at < flat.length; at += 2) {
    const order = readable(flat[at + 1]!, decodeState)
    if (order?.outcome === undefined) continue
    ended.push([order.finishedMs ?? order.updatedMs, flat[at]!])
  }
  const isLast = cursor === '0'
  await writer.write(async (plan) => {
    for (const [timeMs, id] of ended) plan.indexClosed(id, timeMs)
    if (isLast) plan.note(keys.since, indexed, '1')
  }, deadline)
  // Of a search that was begun anew meanwhile this page says nothing.
  search.cursor = cursor
  if (isLast) state.closedSearch = undefined
  return flat.length / 2 + 1
}
