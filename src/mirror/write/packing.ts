import type { TradedOrder } from '../model/fill-sums.ts'
import type { Fill } from '../model/fill.ts'
import { jsonText } from '../model/json-text.ts'
import type { OrderRecord } from '../model/order-record.ts'
import type { OrderOutcome } from '../model/order-status.ts'
import { reservation } from '../model/reservation.ts'

/** How a value becomes text, and comes out of it the same in everything. */
export interface Packing<T> {
  readonly pack: (value: T) => string
  readonly unpack: (text: string) => T
}

/** Values line by line: as JSON they would take twice the memory and four times the work. */
export const fillPacking: Packing<Fill> = {
  pack: (fill) =>
    `${fill.symbol}\n${fill.timestamp}\n${fill.id}\n${fill.orderId ?? ''}\n${fill.side}\n` +
    `${fill.price}\n${fill.amount}\n${fill.cost}\n${fill.fee ?? ''}\n` +
    `${fill.feeCurrency ?? ''}\n${fill.takerOrMaker ?? ''}`,
  unpack: (text) => {
    const lines = text.split('\n')
    return {
      id: lines[2]!,
      orderId: lines[3]! || null,
      symbol: lines[0]!,
      side: lines[4] as 'buy' | 'sell',
      price: lines[5]!,
      amount: lines[6]!,
      cost: lines[7]!,
      fee: lines[8]! || null,
      feeCurrency: lines[9]! || null,
      timestamp: Number(lines[1]),
      takerOrMaker: (lines[10]! || null) as 'taker' | 'maker' | null,
    }
  },
}

/** The market and the time of a packed trade, without unpacking it. */
export function packedFillTime(text: string): Pick<Fill, 'symbol' | 'timestamp'> {
  const symbolEnds = text.indexOf('\n')
  const timestamp = Number(text.slice(symbolEnds + 1, text.indexOf('\n', symbolEnds + 1)))
  return { symbol: text.slice(0, symbolEnds), timestamp }
}

/** Texts that an exchange may fill with anything are JSON, as the history's entries are. */
export const closedOrderPacking: Packing<OrderRecord> = {
  pack: ({ state, history, historyCount }) =>
    `${jsonText(state.id)}\n${jsonText(state.symbol)}\n${jsonText(state.base)}\n` +
    `${jsonText(state.quote)}\n${state.side}\n${state.type}\n` +
    `${jsonText(state.sourceType)}\n${state.amount}\n${state.outcome ?? ''}\n` +
    `${state.limitPrice ?? ''}\n${state.triggerPrice ?? ''}\n${state.average ?? ''}\n` +
    `${state.filled}\n${state.notional ?? ''}\n${state.fee ?? ''}\n${jsonText(state.feeCurrency)}\n` +
    `${state.feeRate ?? ''}\n${state.createdMs}\n${state.updatedMs}\n${state.finishedMs ?? ''}\n` +
    `${jsonText(state.clientOrderId)}\n${jsonText(state.comment)}\n${historyCount}\n` +
    history.join('\n'),
  unpack: (text) => {
    const lines = text.split('\n')
    const state = {
      id: JSON.parse(lines[0]!) as string,
      symbol: JSON.parse(lines[1]!) as string,
      base: JSON.parse(lines[2]!) as string,
      quote: JSON.parse(lines[3]!) as string,
      side: lines[4] as 'buy' | 'sell',
      type: lines[5] as 'market' | 'limit',
      sourceType: JSON.parse(lines[6]!) as string | null,
      amount: lines[7]!,
      outcome: (lines[8]! || undefined) as OrderOutcome,
      limitPrice: lines[9]! || null,
      triggerPrice: lines[10]! || null,
      average: lines[11]! || null,
      filled: lines[12]!,
      notional: lines[13]! || null,
      fee: lines[14]! || null,
      feeCurrency: JSON.parse(lines[15]!) as string | null,
      feeRate: lines[16]! || null,
      createdMs: Number(lines[17]),
      updatedMs: Number(lines[18]),
      finishedMs: lines[19] === '' ? null : Number(lines[19]),
      clientOrderId: JSON.parse(lines[20]!) as string | null,
      comment: JSON.parse(lines[21]!) as string | null,
    }
    const history = lines.slice(23)
    return { state, reservation: reservation(state), history, historyCount: Number(lines[22]) }
  },
}

export const tradedPacking: Packing<TradedOrder> = {
  pack: ({ stored, amount, unpaid, fees }) => {
    let text = `${stored}\n${amount}\n${unpaid}`
    for (const [asset, fee] of fees) text += `\n${asset}\n${fee}`
    return text
  },
  unpack: (text) => {
    const [stored, amount, unpaid, ...rest] = text.split('\n')
    const fees = new Map<string, string>()
    for (let at = 0; at < rest.length; at += 2) fees.set(rest[at]!, rest[at + 1]!)
    return { stored: Number(stored), amount: amount!, unpaid: Number(unpaid), fees }
  },
}
