import { decimalText, isNegative, isPositive, type DecimalText } from '../model/decimal.ts'
import { optionalTickerFields, type Ticker } from '../model/ticker.ts'

/** The hash of a ticker as field, value, field, value …, and the fields that it must not have. */
export function encodeTicker(ticker: Ticker): { fields: string[]; absent: string[] } {
  const fields = ['symbol', ticker.symbol, 'price', ticker.price]
  fields.push('timestamp', String(ticker.timestamp))
  const absent: string[] = []
  for (const name of optionalTickerFields) {
    const value = ticker[name]
    if (value === null) absent.push(name)
    else fields.push(name, value)
  }
  return { fields, absent }
}

/**
 * A ticker from its hash; undefined when there is none, or none with a price and a time that can
 * be read. What else can't be read, because somebody else wrote it, counts as not told.
 */
export function decodeTicker(
  symbol: string,
  hash: Readonly<Record<string, string | undefined>>,
): Ticker | undefined {
  const price = told(hash['price'])
  const timestamp = Number(hash['timestamp'])
  if (price === null || !isPositive(price) || !Number.isFinite(timestamp) || timestamp <= 0)
    return undefined
  const [bid, ask, bidVolume, askVolume] = optionalTickerFields.map((field) => told(hash[field]))
  return {
    symbol,
    price,
    timestamp,
    bid: bid!,
    ask: ask!,
    bidVolume: bidVolume!,
    askVolume: askVolume!,
  }
}

/** A stored decimal not below zero, also of a float that was written with an exponent. */
function told(text: string | undefined): DecimalText | null {
  if (text === undefined || text.trim() === '') return null
  const decimal = decimalText(text) ?? decimalText(Number(text)) ?? null
  return decimal === null || isNegative(decimal) ? null : decimal
}
