import { isPositive } from '../model/decimal.ts'
import { fillName, tradedName, tradedNameOf } from '../model/fill-names.ts'
import { untraded } from '../model/fill-sums.ts'
import type { ValkeyClient } from '../../valkey/valkey-client.ts'
import { decodeFill } from '../stored/fill-json.ts'
import { decodeTraded } from '../stored/fill-sums-json.ts'
import { readEntries, readPaged } from '../stored/hash-entries.ts'
import type { MirrorKeys } from '../stored/keys.ts'
import { decodeRecord } from '../stored/order-json.ts'
import { decodeTransfer } from '../stored/transfer-json.ts'
import { transferField } from '../model/transfer.ts'
import type { Change } from './change.ts'
import type { MirrorState } from './mirror-state.ts'

/** What changes can only be planned upon and is not known. */
export interface ChangeNeeds {
  /** Ids of trades that may be stored, by symbol. */
  readonly fills: ReadonlyMap<string, ReadonlySet<string>>
  /** Names of orders' trades. */
  readonly traded: ReadonlySet<string>
  /** Ids of orders that trades belong to. */
  readonly orders: ReadonlySet<string>
  /** All transfers, which a ticker may value. */
  readonly transfers: boolean
}

export function needsOf(changes: Iterable<Change>, state: MirrorState): ChangeNeeds {
  const fills = new Map<string, Set<string>>()
  const traded = new Set<string>()
  const orders = new Set<string>()
  let transfers = false
  const needTraded = (name: string | undefined): void => {
    if (name !== undefined && !state.traded.has(name)) traded.add(name)
  }
  for (const change of changes) {
    if (change.kind === 'order') {
      const { order } = change
      // An order without a trade has no fee to be told.
      if (isPositive(order.filled)) needTraded(tradedNameOf(order))
    } else if (change.kind === 'fill') {
      const { fill } = change
      needTraded(tradedName(fill))
      if (!state.fills.has(fillName(fill)))
        fills.set(fill.symbol, (fills.get(fill.symbol) ?? new Set()).add(fill.id))
      if (fill.orderId !== null && !state.hasOrder(fill.orderId)) orders.add(fill.orderId)
    } else if (change.kind === 'transfer' || change.kind === 'ticker')
      transfers ||= !state.transfersLoaded
  }
  return { fills, traded, orders, transfers }
}

export function needsNothing({ fills, traded, orders, transfers }: ChangeNeeds): boolean {
  return fills.size + traded.size + orders.size === 0 && !transfers
}

/** Reads what changes can only be planned upon, all of it at once. */
export async function loadNeeds(
  { fills, traded, orders, transfers }: ChangeNeeds,
  state: MirrorState,
  keys: MirrorKeys,
  client: ValkeyClient,
): Promise<void> {
  await Promise.all([
    ...[...fills].map(async ([symbol, ids]) => {
      const found = await readEntries(client, keys.fills(symbol), [...ids], decodeFill)
      for (const fill of found.values()) state.fills.set(fillName(fill), fill)
    }),
    (async () => {
      const found = await readEntries(client, keys.traded, [...traded], decodeTraded)
      for (const name of traded) state.traded.set(name, found.get(name) ?? untraded)
    })(),
    (async () => {
      const found = await readEntries(client, keys.orders, [...orders], decodeRecord)
      for (const record of found.values()) state.setOrder(record)
    })(),
    transfers ? loadTransfers(state, keys, client) : undefined,
  ])
}

export async function loadTransfers(
  state: MirrorState,
  keys: MirrorKeys,
  client: ValkeyClient,
): Promise<void> {
  const { transferTimes, transfers } = keys
  for (const transfer of await readPaged(
    client,
    transferTimes,
    transfers,
    decodeTransfer,
    transferField,
  ))
    state.setTransfer(transfer)
  state.transfersLoaded = true
}
