import { parse, stringify } from 'lossless-json'
import { divideText, isZero } from '../model/decimal.ts'
import type { DecimalText } from '../model/decimal.ts'
import { jsonText } from '../model/json-text.ts'
import { recordStatus } from '../model/order-record.ts'
import type { OrderRecord } from '../model/order-record.ts'
import type { OrderState } from '../model/order.ts'
import { reservation } from '../model/reservation.ts'
import { isOpen, outcomeOfStatus, storedStatus } from '../model/order-status.ts'
import { historyJson, orderTokens, token } from './order-tokens.ts'
import type { OrderTokens } from './order-tokens.ts'

const rateDigits = 8

/**
 * The JSON that readers get. Decimals are bare number tokens with the exchange's own digits, so
 * that a reader that parses exactly loses nothing. Fees are not reserved by exchanges, so the
 * booked fee is 0.
 */
export function encodeOrder(record: OrderRecord, defaultFeeRate: DecimalText): string {
  const { state, reservation } = record
  // Joined, a text is one piece; put together by +, it would have to be made one to be sent.
  return [
    '{"id":',
    jsonText(state.id),
    ',"symbol":',
    jsonText(state.symbol),
    ',"side":"',
    state.side,
    '","type":"',
    state.type,
    '","amount":',
    state.amount,
    ',"notion_currency":',
    jsonText(state.quote),
    ',"fee_currency":',
    jsonText(state.feeCurrency ?? state.quote),
    ',"fee_rate":',
    feeRate(record, defaultFeeRate),
    ',"actual_filled":',
    state.filled,
    ',"price":',
    state.average ?? 'null',
    ',"limit_price":',
    state.limitPrice ?? 'null',
    ',"status":"',
    recordStatus(record),
    '","initial_booked_notion":',
    reservation.booked,
    ',"reserved_notion_left":',
    reservation.left,
    ',"actual_notion":',
    state.notional ?? '0',
    ',"initial_booked_fee":0,"reserved_fee_left":0,"actual_fee":',
    state.fee ?? '0',
    ',"ts_create":',
    state.createdMs,
    ',"ts_update":',
    state.updatedMs,
    ',"ts_finish":',
    state.finishedMs ?? 'null',
    ',"comment":',
    jsonText(state.comment),
    ',"trigger_price":',
    state.triggerPrice ?? 'null',
    ',"source_type":',
    jsonText(state.sourceType),
    ',"client_order_id":',
    jsonText(state.clientOrderId),
    ',"history_count":',
    record.historyCount,
    ',"history":{',
    historyByIndex(record),
    '}}',
  ].join('')
}

/** The record behind an order's JSON: what a writer goes on from. */
export function decodeRecord(json: string): OrderRecord {
  const tokens = orderTokens(json)
  const state = storedState(tokens)
  const history = Object.values(parse(historyJson(json)) as object)
  return {
    state,
    reservation: reservation(state),
    history: history.map((entry) => stringify(entry)!),
    historyCount: Number(tokens[token.history_count] ?? 0),
  }
}

/** An order's JSON without its history, which is the dearest part to read. */
export function decodeState(json: string): OrderState {
  return storedState(orderTokens(json))
}

function storedState(tokens: OrderTokens): OrderState {
  const id = tokens[token.id]!
  const symbol = tokens[token.symbol]!
  const status = storedStatus(id, tokens[token.status])
  const filled = tokens[token.actual_filled] ?? '0'
  const fee = tokens[token.actual_fee] ?? null
  const finished = tokens[token.ts_finish]
  return {
    id,
    symbol,
    base: symbol.slice(0, symbol.indexOf('/')),
    quote: tokens[token.notion_currency]!,
    side: tokens[token.side] as 'buy' | 'sell',
    type: tokens[token.type] as 'market' | 'limit',
    sourceType: tokens[token.source_type] ?? null,
    amount: tokens[token.amount]!,
    outcome: isOpen(status) ? undefined : outcomeOfStatus(status),
    limitPrice: tokens[token.limit_price] ?? null,
    triggerPrice: tokens[token.trigger_price] ?? null,
    average: tokens[token.price] ?? null,
    filled,
    notional: storedNotional(filled, tokens[token.actual_notion]),
    fee: fee === '0' ? null : fee,
    feeCurrency: tokens[token.fee_currency] ?? null,
    feeRate: tokens[token.fee_rate] ?? null,
    createdMs: Number(tokens[token.ts_create] ?? 0),
    updatedMs: Number(tokens[token.ts_update] ?? 0),
    clientOrderId: tokens[token.client_order_id] ?? null,
    comment: tokens[token.comment] ?? null,
    finishedMs: finished === undefined ? null : Number(finished),
  }
}

/** A notional that is not known is written as a plain 0. */
function storedNotional(filled: DecimalText, notional: DecimalText | undefined): string | null {
  if (isZero(filled)) return notional ?? '0'
  return notional === undefined || notional === '0' ? null : notional
}

/** The history by index; what was dropped leaves a gap at the front. */
function historyByIndex({ history, historyCount }: OrderRecord): string {
  const first = historyCount - history.length
  if (history.length === 1) return `"${first}":${history[0]!}`
  const parts: (string | number)[] = []
  for (let index = 0; index < history.length; index++)
    parts.push(index === 0 ? '"' : ',"', first + index, '":', history[index]!)
  return parts.join('')
}

/** Fee over value where both are of one currency; else the market's rate; else the option. */
function feeRate({ state }: OrderRecord, defaultFeeRate: DecimalText): DecimalText {
  if (state.fee !== null && !isZero(state.fee)) {
    const of =
      state.feeCurrency === state.quote
        ? state.notional
        : state.feeCurrency === state.base
          ? state.filled
          : undefined
    const rate = of === undefined || of === null ? undefined : divideText(state.fee, of, rateDigits)
    if (rate !== undefined) return rate
  }
  return state.feeRate ?? defaultFeeRate
}
