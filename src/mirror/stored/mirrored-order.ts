import { parse } from 'lossless-json'
import type { DecimalText } from '../model/decimal.ts'
import { storedStatus } from '../model/order-status.ts'
import type { OrderStatus } from '../model/order-status.ts'
import { historyJson, orderTokens, token } from './order-tokens.ts'

/** An order as readers get it. Decimals are text with the exchange's own digits. */
export interface MirroredOrder {
  /** The exchange's id. */
  readonly id: string
  /** The market, such as `BTC/USDT`. */
  readonly symbol: string
  /** `buy` or `sell`. */
  readonly side: 'buy' | 'sell'
  /** What it executes as; `sourceType` is the exchange's name where that says more. */
  readonly type: 'market' | 'limit'
  /** The type of order in the exchange's own words. */
  readonly sourceType: string | null
  /** The order's state. */
  readonly status: OrderStatus
  /** In the base currency. */
  readonly amount: DecimalText
  /** Amount that was traded so far, as decimal text. */
  readonly filled: DecimalText
  /** The price of a limit order, as decimal text. */
  readonly limitPrice: DecimalText | null
  /** The price that activates the order. */
  readonly triggerPrice: DecimalText | null
  /** Average price of what was filled. */
  readonly price: DecimalText | null
  /** What was filled, in quote currency. */
  readonly notional: DecimalText
  /** Quote currency that the open rest may still take. */
  readonly reservedNotional: DecimalText
  /** The quote currency, such as `USDT`. */
  readonly quote: string
  /** The fee. */
  readonly fee: DecimalText
  /** The currency of the fee. */
  readonly feeCurrency: string
  /** The fee as a share of the cost. */
  readonly feeRate: DecimalText
  /** Unix ms when the order was created. */
  readonly createdMs: number
  /** Unix ms of the last change. */
  readonly updatedMs: number
  /** Unix ms when the order was done; null while it is open. */
  readonly finishedMs: number | null
  /** The id that the client gave the order. */
  readonly clientOrderId: string | null
  /** A remark that is mirrored as it is. */
  readonly comment: string | null
  /** How many history entries there have been; the oldest may have been dropped. */
  readonly historyCount: number
}

/** One step in an order's life; amounts are those of this step. */
export interface OrderStep {
  /** Unix ms; the fraction carries microseconds. */
  readonly timestamp: number
  /** The order's state. */
  readonly status: OrderStatus
  /** In the quote currency. */
  readonly price: DecimalText | null
  /** Amount that was not traded yet, as decimal text. */
  readonly amountRemaining: DecimalText | null
  /** Amount that was traded so far, as decimal text. */
  readonly filled: DecimalText | null
  /** Price × volume, in the quote currency. */
  readonly notional: DecimalText | null
  /** The fee. */
  readonly fee: DecimalText | null
}

/** An order with its history, the oldest step first. */
export interface MirroredOrderWithHistory extends MirroredOrder {
  /** Every step of the order, the oldest first. */
  readonly history: readonly OrderStep[]
}

/** Reads an order's JSON for a reader; the history is left alone, it costs most. */
export function readMirroredOrder(json: string): MirroredOrder {
  const tokens = orderTokens(json)
  const finished = tokens[token.ts_finish]
  return {
    id: tokens[token.id]!,
    symbol: tokens[token.symbol]!,
    side: tokens[token.side] as 'buy' | 'sell',
    type: tokens[token.type] as 'market' | 'limit',
    sourceType: tokens[token.source_type] ?? null,
    status: storedStatus(tokens[token.id]!, tokens[token.status]),
    amount: tokens[token.amount]!,
    filled: tokens[token.actual_filled] ?? '0',
    limitPrice: tokens[token.limit_price] ?? null,
    triggerPrice: tokens[token.trigger_price] ?? null,
    price: tokens[token.price] ?? null,
    notional: tokens[token.actual_notion] ?? '0',
    reservedNotional: tokens[token.reserved_notion_left] ?? '0',
    quote: tokens[token.notion_currency]!,
    fee: tokens[token.actual_fee] ?? '0',
    feeCurrency: tokens[token.fee_currency]!,
    feeRate: tokens[token.fee_rate] ?? '0',
    createdMs: Number(tokens[token.ts_create] ?? 0),
    updatedMs: Number(tokens[token.ts_update] ?? 0),
    finishedMs: finished === undefined ? null : Number(finished),
    clientOrderId: tokens[token.client_order_id] ?? null,
    comment: tokens[token.comment] ?? null,
    historyCount: Number(tokens[token.history_count] ?? 0),
  }
}

/** Reads an order's JSON with its history. */
export function readMirroredOrderWithHistory(json: string): MirroredOrderWithHistory {
  const order = readMirroredOrder(json)
  const history = parse(historyJson(json), undefined, String) as Record<string, RawStep>
  return { ...order, history: Object.values(history).map(orderStep) }
}

type RawStep = Readonly<Record<string, string | null>>

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
