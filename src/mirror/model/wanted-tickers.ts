import type { AccountSnapshot } from './account-source.ts'
import { asObject } from './checked-source.ts'
import { parseSymbol } from './symbol.ts'

/**
 * The markets whose price an overview of an account needs: those of its orders and trades, and what
 * each asset that it holds or trades is worth in the reference currency.
 */
export function wantedTickers(
  { openOrders, balances = [] }: Pick<AccountSnapshot, 'openOrders' | 'balances'>,
  mirrored: Iterable<string>,
  refCurrency: string,
): string[] {
  const wanted = new Set([
    ...mirrored,
    ...(openOrders ?? []).map((order) => asObject(order).symbol ?? ''),
  ])
  const assets = new Set(balances.map((balance) => asObject(balance).asset ?? refCurrency))
  for (const symbol of wanted) assets.add(parseSymbol(symbol)?.base ?? refCurrency)
  for (const asset of assets) if (asset !== refCurrency) wanted.add(`${asset}/${refCurrency}`)
  return [...wanted].filter((symbol) => parseSymbol(symbol) !== undefined).sort()
}
