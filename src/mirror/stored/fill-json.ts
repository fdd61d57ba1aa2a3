import type { Fill } from '../model/fill.ts'
import { idText } from '../model/id.ts'
import { jsonText } from '../model/json-text.ts'
import { isAsset, parseSymbol } from '../model/symbol.ts'
import { storedDecimal, storedFields } from './stored-value.ts'

/** A fill as JSON, decimals as bare tokens. */
export function encodeFill(fill: Fill): string {
  return (
    `{"id":${jsonText(fill.id)},"order":${jsonText(fill.orderId)},` +
    `"symbol":${jsonText(fill.symbol)},"side":"${fill.side}","price":${fill.price},` +
    `"amount":${fill.amount},"cost":${fill.cost},"fee":${fill.fee ?? 'null'},` +
    `"fee_currency":${jsonText(fill.feeCurrency)},"timestamp":${fill.timestamp},` +
    `"taker_or_maker":${jsonText(fill.takerOrMaker)}}`
  )
}

/** Reads a fill's JSON; throws when it is none. */
export function decodeFill(json: string): Fill {
  const fields = storedFields(json)
  const { id, order = null, symbol, side, fee = null } = fields
  const feeCurrency = fields['fee_currency'] ?? null
  if (
    typeof id !== 'string' ||
    idText(id) === undefined ||
    (order !== null && (typeof order !== 'string' || idText(order) === undefined)) ||
    parseSymbol(symbol) === undefined ||
    (side !== 'buy' && side !== 'sell') ||
    (feeCurrency !== null && !isAsset(feeCurrency))
  )
    throw new SyntaxError('expected a fill')
  return {
    id,
    orderId: order,
    symbol: symbol as string,
    side,
    price: storedDecimal(fields['price'], 'price'),
    amount: storedDecimal(fields['amount'], 'amount'),
    cost: storedDecimal(fields['cost'], 'cost'),
    fee: fee === null ? null : storedDecimal(fee, 'fee'),
    feeCurrency,
    timestamp: Number(storedDecimal(fields['timestamp'], 'timestamp')),
    takerOrMaker: takerOrMaker(fields['taker_or_maker']),
  }
}

function takerOrMaker(value: unknown): Fill['takerOrMaker'] {
  return value === 'taker' || value === 'maker' ? value : null
}
