import { parse } from 'lossless-json'
import type { DecimalText } from './decimal.ts'
import { decodeOrder, orderStatusOf } from './order-json.ts'
import type { OrderFields } from './order-json.ts'
import type { OrderStatus } from './order-status.ts'

/** An order as readers get it. Decimals are text with the exchange's own digits. */
export interface MirroredOrder {
  readonly id: string
  readonly symbol: string
  readonly side: 'buy' | 'sell'
  /** What it executes as; `sourceType` is the exchange's name where that says more. */
  readonly type: 'market' | 'limit'
  readonly sourceType: string | null
  readonly status: OrderStatus
  readonly amount: DecimalText
  readonly filled: DecimalText
  readonly limitPrice: DecimalText | null
  readonly triggerPrice: DecimalText | null
  /** Average price of what was filled. */
  readonly price: DecimalText | null
  /** What was filled, in quote currency. */
  readonly notional: DecimalText
  /** Quote currency that the open rest may still take. */
  readonly reservedNotional: DecimalText
  readonly quote: string
  readonly fee: DecimalText
  readonly feeCurrency: string
  readonly feeRate: DecimalText
  readonly createdMs: number
  readonly updatedMs: number
  readonly finishedMs: number | null
  readonly clientOrderId: string | null
  readonly comment: string | null
  /** How many history entries there have been; the oldest may have been dropped. */
  readonly historyCount: number
}

/** One step in an order's life; amounts are those of this step. */
export interface OrderStep {
  readonly timestamp: number
  readonly status: OrderStatus
  readonly price: DecimalText | null
  readonly amountRemaining: DecimalText | null
  readonly filled: DecimalText | null
  readonly notional: DecimalText | null
  readonly fee: DecimalText | null
}

/** An order with its history, the oldest step first. */
export interface MirroredOrderWithHistory extends MirroredOrder {
  readonly history: readonly OrderStep[]
}

/** Reads an order's JSON for a reader; the history is left alone, it costs most. */
export function readMirroredOrder(json: string): MirroredOrder {
  return mirroredOrder(decodeOrder(json))
}

/** Reads an order's JSON with its history. */
export function readMirroredOrderWithHistory(json: string): MirroredOrderWithHistory {
  const fields = decodeOrder(json)
  const history = parse(fields.history, undefined, String) as Record<string, RawStep>
  return { ...mirroredOrder(fields), history: Object.values(history).map(orderStep) }
}

type RawStep = Readonly<Record<string, string | null>>

function mirroredOrder(fields: OrderFields): MirroredOrder {
  return {
    id: fields.id!,
    symbol: fields.symbol!,
    side: fields.side as 'buy' | 'sell',
    type: fields.type as 'market' | 'limit',
    sourceType: fields.source_type,
    status: orderStatusOf(fields),
    amount: fields.amount!,
    filled: fields.actual_filled ?? '0',
    limitPrice: fields.limit_price,
    triggerPrice: fields.trigger_price,
    price: fields.price,
    notional: fields.actual_notion ?? '0',
    reservedNotional: fields.reserved_notion_left ?? '0',
    quote: fields.notion_currency!,
    fee: fields.actual_fee ?? '0',
    feeCurrency: fields.fee_currency!,
    feeRate: fields.fee_rate ?? '0',
    createdMs: Number(fields.ts_create),
    updatedMs: Number(fields.ts_update),
    finishedMs: fields.ts_finish === null ? null : Number(fields.ts_finish),
    clientOrderId: fields.client_order_id,
    comment: fields.comment,
    historyCount: Number(fields.history_count ?? 0),
  }
}

function orderStep(raw: RawStep): OrderStep {
  return {
    timestamp: Number(raw['ts']),
    status: raw['status'] as OrderStatus,
    price: raw['price'] ?? null,
    amountRemaining: raw['amount_remain'] ?? null,
    filled: raw['actual_filled'] ?? null,
    notional: raw['actual_notion'] ?? null,
    fee: raw['actual_fee'] ?? null,
  }
}
