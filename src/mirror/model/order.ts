import { PairduckError, shown } from '../../errors.ts'
import { decimalText, isPositive } from './decimal.ts'
import type { DecimalInput, DecimalText } from './decimal.ts'
import type { OrderOutcome } from './order-status.ts'

/**
 * An order as a source tells it: ccxt's unified order fits as it is, and so does a plain object
 * of one's own. Decimals are text (kept digit by digit) or numbers; where they are numbers and
 * `info` carries the exchange's payload, the digits are taken from there.
 */
export interface OrderInput {
  /** Text, or a whole number that a double holds exactly. */
  readonly id?: string | number | bigint | null | undefined
  /** The market, such as `BTC/USDT`. */
  readonly symbol?: string | null | undefined
  /** `buy` or `sell`. */
  readonly side?: string | null | undefined
  /** `market` or `limit`, or an exchange's name for a stop order (`stop_loss_limit`). */
  readonly type?: string | null | undefined
  /** In the base currency. */
  readonly amount?: DecimalInput | null | undefined
  /** ccxt's word (`open`, `closed`, `canceled`, `expired`, `rejected`) or a mirrored status. */
  readonly status?: string | null | undefined
  /** The limit price. */
  readonly price?: DecimalInput | null | undefined
  /** The average price of what was filled. */
  readonly average?: DecimalInput | null | undefined
  /** The price that activates the order. */
  readonly triggerPrice?: DecimalInput | null | undefined
  /** Amount that was traded so far. */
  readonly filled?: DecimalInput | null | undefined
  /** Amount that was not traded yet. */
  readonly remaining?: DecimalInput | null | undefined
  /** What was filled, in quote currency. */
  readonly cost?: DecimalInput | null | undefined
  /** The fee. */
  readonly fee?: FeeInput | null | undefined
  /** The market's fee rate, for an order whose fill does not tell one. */
  readonly feeRate?: DecimalInput | null | undefined
  /** When it was made, Unix ms. */
  readonly timestamp?: number | null | undefined
  /** Unix ms of the order's last change. */
  readonly lastUpdateTimestamp?: number | null | undefined
  /** Unix ms of the order's last trade. */
  readonly lastTradeTimestamp?: number | null | undefined
  /** The id that the client gave the order. */
  readonly clientOrderId?: string | null | undefined
  /** A remark that is mirrored as it is. */
  readonly comment?: string | null | undefined
  /** The exchange's own answer, untouched. */
  readonly info?: unknown
}

/** A fee as ccxt gives it. */
export interface FeeInput {
  /** The amount of the fee. */
  readonly cost?: DecimalInput | null | undefined
  /** The currency of the fee. */
  readonly currency?: string | null | undefined
}

/** A checked state of an order: what {@link readOrder} makes of an {@link OrderInput}. */
export interface OrderState {
  readonly id: string
  readonly symbol: string
  readonly base: string
  readonly quote: string
  readonly side: 'buy' | 'sell'
  readonly type: 'market' | 'limit'
  readonly sourceType: string | null
  readonly amount: DecimalText
  readonly outcome: OrderOutcome
  readonly limitPrice: DecimalText | null
  readonly triggerPrice: DecimalText | null
  readonly average: DecimalText | null
  readonly filled: DecimalText
  /** What was filled, in quote currency; null while no source has told it. */
  readonly notional: DecimalText | null
  /** Total fee so far; null while the source has not told it. */
  readonly fee: DecimalText | null
  readonly feeCurrency: string | null
  readonly feeRate: DecimalText | null
  readonly createdMs: number
  readonly updatedMs: number
  /** When it ended; null while it is open. */
  readonly finishedMs: number | null
  readonly clientOrderId: string | null
  readonly comment: string | null
}

/** `INVALID_ORDER`, naming the order, the field and the value. */
export function invalidOrder(
  input: { readonly id?: unknown },
  field: string,
  expected: string,
  value: unknown,
): PairduckError {
  return new PairduckError(
    'INVALID_ORDER',
    `order ${shown(input.id)}: expected \`${field}\` to be ${expected}, got ${shown(value)}`,
    { orderId: input.id, field, value },
  )
}

/** A decimal above zero, or null when the source says nothing or zero. */
export function positiveOrNull(text: DecimalText | undefined): DecimalText | null {
  return text !== undefined && isPositive(text) ? text : null
}

/** The decimal of an input that has no payload to ask. */
export function plainText(value: unknown): DecimalText | undefined {
  return value === undefined || value === null ? undefined : decimalText(value)
}
