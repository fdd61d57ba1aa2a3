import type { DecimalText } from '../model/decimal.ts'
import type { CarriedPosition } from '../model/carried-position.ts'
import type { SideSums, SymbolSums, TradedOrder } from '../model/fill-sums.ts'
import { jsonText } from '../model/json-text.ts'
import { storedDecimal, storedFields } from './stored-value.ts'

/** The sums over a symbol's trades as JSON, decimals as bare tokens. */
export function encodeSums({ newestMs, buy, sell }: SymbolSums): string {
  return `{"newest":${newestMs},"buy":${encodeSide(buy)},"sell":${encodeSide(sell)}}`
}

/** Reads the sums of a symbol; throws when it is none. */
export function decodeSums(json: string): SymbolSums {
  const fields = storedFields(json)
  return {
    newestMs: count(fields, 'newest'),
    buy: decodeSide(fields['buy']),
    sell: decodeSide(fields['sell']),
  }
}

/** What an order's trades add up to, as JSON. */
export function encodeTraded({ stored, amount, unpaid, fees }: TradedOrder): string {
  return `{"stored":${stored},"amount":${amount},"unpaid":${unpaid},"fees":${encodeTable(fees)}}`
}

/** Reads what an order's trades add up to; throws when it is none. */
export function decodeTraded(json: string): TradedOrder {
  const fields = storedFields(json)
  return {
    stored: count(fields, 'stored'),
    amount: storedDecimal(fields['amount'], 'amount'),
    unpaid: count(fields, 'unpaid'),
    fees: decodeTable(fields['fees']),
  }
}

/** What removed trades left behind, as JSON under the symbol. */
export function encodeCarried({ beforeMs, quantity, costs }: CarriedPosition): string {
  return `{"before":${beforeMs},"quantity":${quantity},"costs":${encodeTable(costs)}}`
}

/** Reads what removed trades of a symbol left behind; throws when it is none. */
export function decodeCarried(json: string, symbol: string): CarriedPosition {
  const fields = storedFields(json)
  return {
    symbol,
    beforeMs: count(fields, 'before'),
    quantity: storedDecimal(fields['quantity'], 'quantity'),
    costs: decodeTable(fields['costs']),
  }
}

function encodeSide({ count: orders, amount, notional, fees }: SideSums): string {
  return `{"count":${orders},"amount":${amount},"notional":${notional},"fees":${encodeTable(fees)}}`
}

function decodeSide(value: unknown): SideSums {
  const fields = object(value)
  return {
    count: count(fields, 'count'),
    amount: storedDecimal(fields['amount'], 'amount'),
    notional: storedDecimal(fields['notional'], 'notional'),
    fees: decodeTable(fields['fees']),
  }
}

function encodeTable(table: ReadonlyMap<string, DecimalText>): string {
  let entries = ''
  for (const [name, value] of table) entries += `${entries && ','}${jsonText(name)}:${value}`
  return `{${entries}}`
}

function decodeTable(value: unknown): ReadonlyMap<string, DecimalText> {
  return new Map(
    Object.entries(object(value)).map(([name, each]) => [name, storedDecimal(each, name)]),
  )
}

function object(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new SyntaxError('expected an object')
  return value as Record<string, unknown>
}

function count(fields: Record<string, unknown>, name: string): number {
  return Number(storedDecimal(fields[name], name))
}
