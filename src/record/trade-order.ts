import type { CcxtTrade } from '../ccxt/ccxt-objects.ts'
import { sequenceOf, type ExchangeRule } from './exchange-rule.ts'

/** Trades in the order of their market's count: what overtook each other is put right as far as it came together. */
export function inOrder(trades: readonly CcxtTrade[], rule: ExchangeRule): readonly CcxtTrade[] {
  if (rule.sequence === null || trades.length < 2) return trades
  const places = new Map(trades.map((trade) => [trade, sequenceOf(rule, trade) ?? -1n]))
  return [...trades].sort((a, b) => {
    const [x, y] = [places.get(a)!, places.get(b)!]
    return x < y ? -1 : x > y ? 1 : 0
  })
}
