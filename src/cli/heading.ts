import { timeText } from './figures.ts'
import type { Ink } from './ink.ts'

export interface Spoken {
  readonly pair: string
  readonly what: string
  readonly from?: number | null | undefined
  readonly to?: number | null | undefined
  readonly asOf?: number | undefined
}

/** `binance/spot/BTCUSDT 1m candles, 2024-08-08 23:54:00 to 2024-08-09 00:00:00 UTC` */
export function headingText({ pair, what, from, to, asOf }: Spoken): string {
  return `${pair} ${what}${spanText(from, to)}${asOfText(asOf)}`
}

export function headingLine(spoken: Spoken, ink: Ink): string {
  return `${ink.strong(`${spoken.pair} ${spoken.what}`)}${ink.faint(spanText(spoken.from, spoken.to) + asOfText(spoken.asOf))}`
}

/** From when to when, as far as either end is known. */
export function spanText(from: number | null | undefined, to: number | null | undefined): string {
  const begin = from ?? undefined
  const end = to ?? undefined
  if (begin !== undefined && end !== undefined)
    return `, ${timeText(begin)} to ${timeText(end)} UTC`
  if (begin !== undefined) return `, from ${timeText(begin)} UTC`
  return end === undefined ? '' : `, until ${timeText(end)} UTC`
}

function asOfText(asOf: number | undefined): string {
  return asOf === undefined ? '' : `, as of ${timeText(asOf)} UTC`
}
