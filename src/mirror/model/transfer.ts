import { PairduckError, shown } from '../../errors.ts'
import { addText, isPositive } from './decimal.ts'
import type { DecimalInput, DecimalText } from './decimal.ts'
import { exactText } from './exact-text.ts'
import { idText } from './id.ts'
import { payloadNames } from '../exchanges/payload-names.ts'
import { assetForm, isAsset } from './symbol.ts'
import { isOrderedMs, orderedMsForm } from './time.ts'

/** A deposit or withdrawal as a source tells it; ccxt's unified transaction fits as it is. */
export interface TransferInput {
  /** The exchange's id. */
  readonly id?: string | number | bigint | null | undefined
  /** `deposit` or `withdrawal`. */
  readonly type?: string | null | undefined
  /** The currency, such as `USDT`. */
  readonly currency?: string | null | undefined
  /** In the base currency. */
  readonly amount?: DecimalInput | null | undefined
  /** ccxt's word: only `ok` moves the account; none means it is done. */
  readonly status?: string | null | undefined
  /** Unix ms; the fraction carries microseconds. */
  readonly timestamp?: number | null | undefined
  /** The exchange's own answer, untouched. */
  readonly info?: unknown
}

/** A mirrored transfer. */
export interface Transfer {
  /** The exchange's id. */
  readonly id: string
  /** `deposit` or `withdrawal`. */
  readonly type: 'deposit' | 'withdrawal'
  /** The asset, such as `BTC`. */
  readonly asset: string
  /** In the base currency. */
  readonly amount: DecimalText
  /** Unix ms; the fraction carries microseconds. */
  readonly timestamp: number
  /** Its worth in the reference currency at the first price known since; null while none is. */
  readonly refValue: DecimalText | null
}

/** What the account page of an asset shows: `deposits:{ASSET}`, `withdrawals:{ASSET}`. */
export interface TransferTotals {
  readonly quantity: DecimalText
  readonly refValue: DecimalText
}

/**
 * Checks a transfer. Throws `INVALID_EVENT` naming it and the field; gives undefined for one that
 * is not done (pending, failed, canceled): it moved nothing.
 */
export function readTransfer(input: TransferInput): Omit<Transfer, 'refValue'> | undefined {
  if (typeof input !== 'object' || input === null) throw invalid({}, 'transfer', 'an object', input)
  const { type, currency, timestamp } = input
  const id = idText(input.id)
  if (id === undefined) throw invalid(input, 'id', "the exchange's id", input.id)
  if (type !== 'deposit' && type !== 'withdrawal')
    throw invalid(input, 'type', '`deposit` or `withdrawal`', type)
  if (input.status !== undefined && input.status !== null && input.status !== 'ok') return undefined
  if (!isAsset(currency)) throw invalid(input, 'currency', assetForm, currency)
  const amount = exactText(input.amount ?? undefined, input.info, payloadNames.transfer.amount)
  if (amount === undefined || !isPositive(amount))
    throw invalid(input, 'amount', 'a decimal above zero', input.amount)
  if (!isOrderedMs(timestamp)) throw invalid(input, 'timestamp', orderedMsForm, timestamp)
  return { id, type, asset: currency, amount, timestamp }
}

/** The name of a transfer in the hash: deposits and withdrawals are numbered apart. */
export function transferField({ type, id }: Pick<Transfer, 'type' | 'id'>): string {
  return `${type}:${id}`
}

/** The name of what transfers of one type and asset add up to. */
export function transferKind({ type, asset }: Pick<Transfer, 'type' | 'asset'>): string {
  return `${type} ${asset}`
}

/** Sums over the transfers of one type and asset, and over those that are removed. */
export function transferTotals(
  transfers: Iterable<Transfer>,
  { type, asset }: Pick<Transfer, 'type' | 'asset'>,
  removed: TransferTotals | undefined,
): TransferTotals {
  let { quantity, refValue } = removed ?? { quantity: '0', refValue: '0' }
  for (const transfer of transfers) {
    if (transfer.type !== type || transfer.asset !== asset) continue
    quantity = addText(quantity, transfer.amount)
    if (transfer.refValue !== null) refValue = addText(refValue, transfer.refValue)
  }
  return { quantity, refValue }
}

function invalid(
  input: TransferInput,
  field: string,
  expected: string,
  value: unknown,
): PairduckError {
  return new PairduckError(
    'INVALID_EVENT',
    `transfer ${shown(input.id)}: expected \`${field}\` to be ${expected}, got ${shown(value)}`,
    { kind: 'transfer', id: input.id, field, value },
  )
}
