import { shown } from '../../errors.ts'
import { isDecimalText, isPositive, multiplyText, divideText } from '../model/decimal.ts'
import type { DecimalText } from '../model/decimal.ts'
import { moneyScale } from '../model/position.ts'
import { rounded } from './money.ts'

/** What one unit of an asset is worth in the report currency. */
export type Rates = Readonly<Record<string, DecimalText>>

/** Converts between currencies by rates that are all told in one of them. */
export class ExchangeRates {
  readonly currency: string
  readonly #rates: ReadonlyMap<string, DecimalText>

  constructor(currency: string, rates: Rates) {
    for (const [asset, rate] of Object.entries(rates))
      if (!isDecimalText(rate) || !isPositive(rate))
        throw new TypeError(
          `expected the rate of ${asset} to be a decimal above 0, got ${shown(rate)}`,
        )
    this.currency = currency
    this.#rates = new Map([...Object.entries(rates), [currency, '1']])
  }

  /** The amount in another currency, to {@link moneyScale} digits; undefined without a rate. */
  convert(amount: DecimalText, from: string, to: string): DecimalText | undefined {
    if (from === to) return amount
    const [rate, other] = [this.#rates.get(from), this.#rates.get(to)]
    if (rate === undefined || other === undefined) return undefined
    const inReportCurrency = multiplyText(amount, rate)
    return other === '1'
      ? rounded(inReportCurrency)
      : divideText(inReportCurrency, other, moneyScale)
  }
}
