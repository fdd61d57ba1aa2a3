import { addText, divideText } from '../model/decimal.ts'
import type { DecimalText } from '../model/decimal.ts'
import { moneyScale } from '../model/position.ts'

/** Half away from zero, to {@link moneyScale} digits, without trailing zeros. */
export function rounded(amount: DecimalText): DecimalText {
  return divideText(amount, '1', moneyScale)!
}

/** Adds to one entry of a table of sums. */
export function addTo(sums: Map<string, DecimalText>, key: string, amount: DecimalText): void {
  sums.set(key, addText(sums.get(key) ?? '0', amount))
}

/** A table of sums in the order of its keys, zeros included, digits trimmed. */
export function tableOf(sums: ReadonlyMap<string, DecimalText>): Record<string, DecimalText> {
  const entries = [...sums].map(([key, amount]) => [key, trimmed(amount)] as const)
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** The same decimal without trailing zeros. */
export function trimmed(amount: DecimalText): DecimalText {
  return amount.includes('.') ? amount.replace(/\.?0+$/, '') : amount
}
