import { fillName } from '../model/fill-names.ts'
import { untraded } from '../model/fill-sums.ts'
import { decodeFill } from '../stored/fill-json.ts'
import { decodeTraded } from '../stored/fill-sums-json.ts'
import type { MirrorKeys } from '../stored/keys.ts'
import { decodeRecord } from '../stored/order-json.ts'
import { readable } from '../stored/stored-value.ts'
import type { MirrorState } from './mirror-state.ts'

/**
 * Takes up what is stored and was taken for new, from the server's keys, fields and values: orders,
 * trades, and what orders' trades add up to. Something else that stands there, or under the name of
 * another, is written over.
 */
export function learnKnown(
  found: readonly string[],
  { state, keys }: { readonly state: MirrorState; readonly keys: MirrorKeys },
): void {
  for (let i = 0; i < found.length; i += 3) {
    const [key, field, json] = [found[i]!, found[i + 1]!, found[i + 2]!]
    if (key === keys.orders) learnOrder(state, field, json)
    else if (key === keys.traded) state.traded.set(field, readable(json, decodeTraded) ?? untraded)
    else learnFill(state, { symbol: key.slice(keys.fills('').length), id: field }, json)
  }
}

function learnOrder(state: MirrorState, id: string, json: string): void {
  const record = readable(json, decodeRecord)
  if (record?.state.id === id) state.setOrder(record)
  else state.unreadableOrders.add(id)
}

function learnFill(state: MirrorState, of: { symbol: string; id: string }, json: string): void {
  const fill = readable(json, decodeFill)
  const name = fillName(of)
  if (fill !== undefined && fillName(fill) === name) state.setFill(fill)
  else state.unreadableFills.add(name)
}
