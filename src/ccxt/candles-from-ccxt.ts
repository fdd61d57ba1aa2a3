import { PairduckError, shown } from '../errors.ts'
import { flag, number, optional, resolveOptions, rule } from '../options.ts'
import type { Candle } from '../schema/rows.ts'
import { earliestMs, isTimeframe, latestMs, timeframeMs, type Timeframe } from '../time.ts'
import type { CcxtOhlcv } from './ccxt-objects.ts'

/** Options of `candlesFromCcxt`. */
export interface CcxtCandleOptions {
  /** Leaves out the bar that is still open, which would stand for the whole one. Default true. */
  readonly dropOpen?: boolean | undefined
  /** The bars' length. Default: the shortest time between two rows. */
  readonly timeframe?: Timeframe | undefined
  /** Unix ms; a bar that ends after it is open. Default: the clock. */
  readonly now?: number | undefined
}

const rules = {
  dropOpen: flag(true),
  timeframe: optional(rule<Timeframe>('a timeframe such as 1m', isTimeframe, '1m')),
  now: optional(number(earliestMs, latestMs, earliestMs)),
}
const fields = ['timestamp', 'open', 'high', 'low', 'close', 'volume'] as const

/**
 * Candles from ccxt's `fetchOHLCV` or `watchOHLCV`. Numbers may be text. ccxt's last row is
 * usually a bar that is still open: it is left out unless `dropOpen` is false. TypeError when it
 * cannot be told which row is open: one row alone, and no `timeframe`. `INVALID_CANDLE` names the
 * index and field of what is no number.
 */
export function candlesFromCcxt(
  rows: readonly CcxtOhlcv[],
  options: CcxtCandleOptions = {},
): Candle[] {
  const { dropOpen, timeframe, now } = resolveOptions('candlesFromCcxt', options, rules)
  if (!Array.isArray(rows))
    throw new TypeError(`candlesFromCcxt: expected a list of ccxt's rows, got ${shown(rows)}`)
  const candles = rows.map((row: CcxtOhlcv, index) => candleOf(row, index))
  if (!dropOpen || candles.length === 0) return candles
  const lengthMs = timeframe === undefined ? shortestStep(candles) : timeframeMs[timeframe]
  if (lengthMs === undefined)
    throw new TypeError(
      'candlesFromCcxt: one row alone does not tell how long a bar is, so whether it is open: give `timeframe`, or `dropOpen: false`',
    )
  const until = (now ?? Date.now()) - lengthMs
  return candles.filter(({ timestamp }) => timestamp <= until)
}

function candleOf(row: CcxtOhlcv, index: number): Candle {
  if (!Array.isArray(row))
    throw new TypeError(`candlesFromCcxt: row ${index}: expected a list, got ${shown(row)}`)
  const values = fields.map((field, column) => {
    const value: unknown = row[column]
    const read = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
    if (typeof read !== 'number' || !Number.isFinite(read))
      throw new PairduckError(
        'INVALID_CANDLE',
        `row ${index} of ccxt: \`${field}\` ${shown(value)} is not a number`,
        { index, field, value },
      )
    return [field, read] as const
  })
  return Object.fromEntries(values) as Record<(typeof fields)[number], number>
}

function shortestStep(candles: readonly Candle[]): number | undefined {
  const times = candles.map(({ timestamp }) => timestamp).sort((a, b) => a - b)
  const steps = times.slice(1).map((time, index) => time - times[index]!)
  const real = steps.filter((step) => step > 0)
  return real.length === 0 ? undefined : Math.min(...real)
}
