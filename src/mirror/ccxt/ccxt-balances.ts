import { shown } from '../../errors.ts'
import type { BalanceInput } from '../model/balance.ts'
import type { CcxtBalance, CcxtBalances } from './ccxt-exchange.ts'

/** Entries of ccxt's balances that are no assets. */
const others = new Set(['info', 'timestamp', 'datetime', 'free', 'used', 'total', 'debt'])
const maxDepth = 4

/** ccxt's unified balances as a list, each with the part of the payload that is about it. */
export function balancesFromCcxt(balances: CcxtBalances): BalanceInput[] {
  const list: BalanceInput[] = []
  for (const [asset, value] of Object.entries(balances)) {
    if (others.has(asset) || !isBalance(value)) continue
    const { free, used, total } = value
    list.push({
      asset,
      free,
      used,
      total,
      timestamp: balances.timestamp,
      info: partAbout(asset, balances.info, 0),
    })
  }
  return list
}

/** A list as it is, or ccxt's map as a list; TypeError for one asset's balance alone. */
export function balanceList(
  balances: readonly BalanceInput[] | CcxtBalances,
): readonly BalanceInput[] {
  if (Array.isArray(balances)) return balances as readonly BalanceInput[]
  if (typeof balances !== 'object' || balances === null || 'asset' in balances)
    throw new TypeError(
      `expected balances to be a list of { asset, free, used, total } or ccxt's { BTC: { free, used, total }, … }, got ${shown(balances)}`,
    )
  return balancesFromCcxt(balances as CcxtBalances)
}

/** Whatever the asset is called: a name that can't be mirrored is refused, not passed over. */
function isBalance(value: unknown): value is CcxtBalance {
  return (
    typeof value === 'object' &&
    value !== null &&
    ['free', 'used', 'total'].some((part) => part in value)
  )
}

/** The innermost object of a payload that names the asset, such as `{ a: 'BTC', f: '1.0' }`. */
function partAbout(asset: string, payload: unknown, depth: number): unknown {
  if (typeof payload !== 'object' || payload === null || depth > maxDepth) return undefined
  for (const inner of Object.values(payload)) {
    const found = partAbout(asset, inner, depth + 1)
    if (found !== undefined) return found
  }
  return Object.values(payload).includes(asset) ? payload : undefined
}
