import { shown } from '../errors.ts'
import { number, oneOf, optional, resolveOptions, type OptionRule } from '../options.ts'
import { tickOrder } from '../schema/tables.ts'
import { windowCoverage, type Coverage } from './coverage.ts'
import { query, type Query } from './query.ts'
import { resolveWindow, ticksInWindow, windowRules, type WindowOptions } from './window.ts'

/** What the size of a trade is: its volume, or its notional (price × volume). */
export type TradeSize = 'volume' | 'notional'

/** Options of `detectLargeTradesQuery`. */
export interface DetectLargeTradesOptions extends WindowOptions {
  /** Default `volume`. */
  readonly measure?: TradeSize | undefined
  /** Trades of at least this size. */
  readonly minSize?: number | undefined
  /** Trades of at least this quantile (nearest rank) of the window's sizes. Default 0.99. */
  readonly quantile?: number | undefined
  /** `BUY`, `SELL` or, by default, `both`: the taker's side. */
  readonly side?: 'both' | 'BUY' | 'SELL' | undefined
}

/** A row of `detectLargeTradesQuery`. */
export interface LargeTrade extends Coverage {
  /** Unix ms; the fraction carries microseconds. */
  readonly timestamp: number
  /** In the quote currency. */
  readonly price: number
  /** Traded volume in the base currency. */
  readonly volume: number
  /** Price × volume, in the quote currency. */
  readonly notional: number
  /** The taker's side: `BUY` lifts the ask, `SELL` hits the bid. */
  readonly side: 'BUY' | 'SELL'
  /** The exchange's id of the trade. */
  readonly tradeId: string | null
  /** The size from which on a trade is large. */
  readonly threshold: number
  /** The trade's own time; by quantile, the time of the window's last trade, which it needs. */
  readonly knownAt: number
}

/** The rules of {@link DetectLargeTradesOptions}. */
export const largeTradeRules: {
  readonly [Name in keyof DetectLargeTradesOptions]-?: OptionRule<
    Name extends 'measure' | 'side'
      ? NonNullable<DetectLargeTradesOptions[Name]>
      : DetectLargeTradesOptions[Name]
  >
} = {
  ...windowRules,
  measure: oneOf(['volume', 'notional'], 'volume'),
  minSize: optional(number(0, Number.MAX_VALUE, 0)),
  quantile: optional(number(0, 1, 0.99)),
  side: oneOf(['both', 'BUY', 'SELL'], 'both'),
}

/**
 * The large trades of a window, by a fixed size or by a quantile of all its trades (both sides),
 * in the order of trading, from ticks before `asOf` (default: now). Source: Bookmap's large-lot
 * tracking.
 */
export function detectLargeTradesQuery(options: DetectLargeTradesOptions = {}): Query<LargeTrade> {
  const resolved = resolveOptions('detectLargeTradesQuery', options, largeTradeRules)
  const { measure, minSize, quantile, side } = resolved
  if (minSize !== undefined && quantile !== undefined)
    throw new TypeError(
      `detectLargeTradesQuery: give \`minSize\` (${shown(minSize)}) or \`quantile\`, not both`,
    )
  const window = resolveWindow('detectLargeTradesQuery', resolved, { asOf: 'now' })
  const size = sizeSql(measure)
  const bound =
    minSize === undefined
      ? `SELECT quantile_disc(${size}, ${(quantile ?? 0.99).toExponential()}::DOUBLE) AS threshold, max(timestamp) AS known_at
         FROM ticks WHERE ${ticksInWindow(window)}`
      : `SELECT ${minSize.toExponential()}::DOUBLE AS threshold, NULL::TIMESTAMP AS known_at`
  return query(
    'detectLargeTradesQuery',
    `WITH bound AS (${bound})
    SELECT
      timestamp, price, volume, price * volume AS "notional", side, trade_id AS "tradeId",
      threshold, coalesce(known_at, timestamp) AS "knownAt",
      ${windowCoverage(window)}
    FROM ticks, bound
    WHERE ${ticksInWindow(window)} AND ${size} >= threshold
      AND ${side === 'both' ? 'true' : `side = '${side}'`}
    ORDER BY ${tickOrder}`,
    window.params,
  )
}

export function sizeSql(measure: TradeSize): string {
  return measure === 'volume' ? 'volume' : '(price * volume)'
}
