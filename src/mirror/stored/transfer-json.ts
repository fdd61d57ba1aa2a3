import { jsonText } from '../model/json-text.ts'
import { isAsset } from '../model/symbol.ts'
import type { Transfer, TransferTotals } from '../model/transfer.ts'
import { storedDecimal, storedFields } from './stored-value.ts'

export function encodeTransfer(transfer: Transfer): string {
  return (
    `{"id":${JSON.stringify(transfer.id)},"type":"${transfer.type}","asset":${jsonText(transfer.asset)},` +
    `"amount":${transfer.amount},"timestamp":${transfer.timestamp},` +
    `"ref_value":${transfer.refValue ?? 'null'}}`
  )
}

/** Reads a transfer's JSON; throws when it is none. */
export function decodeTransfer(json: string): Transfer {
  const fields = storedFields(json)
  const { id, type, asset } = fields
  const refValue = fields['ref_value'] ?? null
  if (typeof id !== 'string' || (type !== 'deposit' && type !== 'withdrawal') || !isAsset(asset))
    throw new SyntaxError('expected a transfer')
  return {
    id,
    type,
    asset,
    amount: storedDecimal(fields['amount'], 'amount'),
    timestamp: Number(storedDecimal(fields['timestamp'], 'timestamp')),
    refValue: refValue === null ? null : storedDecimal(refValue, 'ref_value'),
  }
}

/** Sums over transfers as JSON. */
export function encodeTransferTotals({ quantity, refValue }: TransferTotals): string {
  return `{"quantity":${quantity},"ref_value":${refValue}}`
}

/** Reads sums over transfers; throws when it is none. */
export function decodeTransferTotals(json: string): TransferTotals {
  const fields = storedFields(json)
  return {
    quantity: storedDecimal(fields['quantity'], 'quantity'),
    refValue: storedDecimal(fields['ref_value'], 'ref_value'),
  }
}
