import { parseSymbol } from '../model/symbol.ts'

/** An order that is known by a trade of it alone. */
export interface AbsentOrder {
  readonly id: string
  readonly symbol: string
  /** When the trade was that told of it, Unix ms. */
  readonly tradedMs: number
}

export function encodeAbsent({ symbol, tradedMs }: AbsentOrder): string {
  return `${symbol} ${tradedMs}`
}

/** Undefined for what somebody else wrote there. */
export function decodeAbsent(id: string, text: string): AbsentOrder | undefined {
  const [symbol = '', tradedMs] = text.split(' ')
  if (parseSymbol(symbol) === undefined) return undefined
  return { id, symbol, tradedMs: Number(tradedMs) || 0 }
}
