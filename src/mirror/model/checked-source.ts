import { PairduckError, shown } from '../../errors.ts'
import type { AccountSnapshot, AccountSource } from './account-source.ts'

const required = ['fetchOpenOrders', 'fetchOrder', 'fetchBalances'] as const
const optional = [
  'fetchClosedOrders',
  'fetchFills',
  'fetchTransfers',
  'fetchTickers',
  'fetchTime',
  'watchOrders',
  'watchFills',
  'watchBalances',
  'watchTickers',
] as const

/** Throws TypeError for what is no source: each of its calls would fail, again and again. */
export function checkSource(source: AccountSource): void {
  if (typeof source !== 'object' || source === null)
    throw new TypeError(`ValkeyMirror.run: expected a source, got ${shown(source)}`)
  for (const name of required) refuse(name, source[name], typeof source[name] === 'function')
  for (const name of optional)
    refuse(name, source[name], ['function', 'undefined'].includes(typeof source[name]))
}

function refuse(name: string, value: unknown, isFine: boolean): void {
  if (isFine) return
  throw new TypeError(
    `ValkeyMirror.run: expected the source's \`${name}\` to be a function, got ${shown(value)} (\`ccxtSource(exchange)\` makes a source of an exchange)`,
  )
}

/** What a source gave as a list; `EXCHANGE_FAILED` for anything else. */
export function listFrom<Item>(
  source: AccountSource,
  member: string,
  given: readonly Item[],
): readonly Item[] {
  if (Array.isArray(given)) return given
  throw new PairduckError(
    'EXCHANGE_FAILED',
    `${source.name}: ${member} gave ${shown(given)} instead of a list`,
    { source: source.name, member },
  )
}

/** What a call of a source failed with, so that it says whose and which: one of ours says it already. */
export function failureOf(
  source: AccountSource,
  member: keyof AccountSource,
  error: unknown,
): PairduckError {
  if (PairduckError.is(error)) return error
  const why = error instanceof Error ? error.message : shown(error)
  return new PairduckError('EXCHANGE_FAILED', `${source.name}: ${member} failed: ${why}`, {
    source: source.name,
    member,
    cause: error,
  })
}

const lists = ['openOrders', 'balances', 'closedOrders', 'fills', 'transfers', 'tickers'] as const

/** Throws TypeError for a snapshot with something else where a list belongs. */
export function checkSnapshot(snapshot: AccountSnapshot): void {
  if (typeof snapshot !== 'object' || snapshot === null)
    throw new TypeError(`expected a snapshot, got ${shown(snapshot)}`)
  for (const name of lists) {
    const list: unknown = snapshot[name]
    if (Array.isArray(list) || list === (name === 'openOrders' ? null : undefined)) continue
    throw new TypeError(`expected the snapshot's \`${name}\` to be a list, got ${shown(list)}`)
  }
}

/** An entry of a list, whose fields are read before it is checked; what is no object has none. */
export function asObject<Item extends object>(item: Item): Partial<Item> {
  return typeof item === 'object' && (item as Item | null) !== null ? item : {}
}
