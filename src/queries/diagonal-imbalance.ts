import { flag, number, oneOf, resolveOptions, type OptionRule } from '../options.ts'
import { barEnd } from '../schema/candles.ts'
import type { Timeframe } from '../time.ts'
import { timeframeRule } from './bars.ts'
import { binRules, bins, type Bins, type Rounding } from './bins.ts'
import { cellsSql, wholeBars } from './cells.ts'
import { rowCoverage, windowBegin, type Coverage } from './coverage.ts'
import { query, type Query } from './query.ts'
import { exceeds, reaches } from './rounding.ts'
import { resolveWindow, windowRules, type ResolvedWindow, type WindowOptions } from './window.ts'

/** Options of `calculateDiagonalImbalanceQuery`. */
export interface DiagonalImbalanceOptions extends WindowOptions {
  /** The length of the bars. */
  readonly timeframe: Timeframe
  /** The width of a bin, in price. */
  readonly binSize: number
  /** Which edge of a bin names it. Default `floor`: the lower edge. */
  readonly rounding?: Rounding | undefined
  /**
   * `atas` (default): volumes of a bin and the next one, a missing bin counting 0, marked on the
   * dominant bin. `freqtrade`: trade counts, next existing bin, marked on the lower of the two.
   */
  readonly definition?: 'atas' | 'freqtrade' | undefined
  /** How many times the opposite side, strictly more. Default 3. */
  readonly ratio?: number | undefined
  /** At least so much on the dominant side (`freqtrade`: in the marked bin in all). Default 0. */
  readonly minVolume?: number | undefined
  /** An opposite side of 0 makes no imbalance. Default false. */
  readonly ignoreZero?: boolean | undefined
}

/** A row of `calculateDiagonalImbalanceQuery`. */
export interface DiagonalImbalance extends Coverage {
  /** Open time of the bar. */
  readonly timestamp: number
  /** The dominant side. */
  readonly side: 'BUY' | 'SELL'
  /** The name of the marked bin. */
  readonly price: number
  /** Volume (`freqtrade`: trades) of the dominant side, and of the opposite one. */
  readonly dominant: number
  /** Volume of the other side that it is compared with. */
  readonly opposite: number
  /** dominant ÷ opposite; null where the opposite is 0. */
  readonly ratio: number | null
  /** When the bar closes. */
  readonly knownAt: number
}

/**
 * Where takers of one side outweigh those of the other diagonally, of closed bars: buyers at a
 * price against sellers one bin below, sellers against buyers one bin above. Oldest bar first, in
 * it lowest price first. Authorities: ATAS StackedImbalance, freqtrade `orderflow`.
 */
export function calculateDiagonalImbalanceQuery(
  options: DiagonalImbalanceOptions,
): Query<DiagonalImbalance> {
  const name = 'calculateDiagonalImbalanceQuery'
  const resolved = resolveOptions(name, options, diagonalRules)
  const window = resolveWindow(name, resolved, { asOf: 'now' })
  const grid = bins(resolved)
  return query(
    name,
    `WITH ${diagonalSql(resolved, grid, window)}
    SELECT bar AS "timestamp", side AS "side", ${grid.label('bin')} AS "price",
      dominant AS "dominant", opposite AS "opposite",
      dominant / nullif(opposite, 0) AS "ratio", ${barEnd(resolved.timeframe, 'bar')} AS "knownAt",
      ${rowCoverage(window, { begin: 'bar', end: barEnd(resolved.timeframe, 'bar'), askedFrom: windowBegin(window) })}
    FROM imbalance ORDER BY bar, bin, side`,
    window.params,
  )
}

type Definition = 'atas' | 'freqtrade'

export interface ResolvedDiagonal {
  readonly timeframe: Timeframe
  readonly definition: Definition
  readonly ratio: number
  readonly minVolume: number
  readonly ignoreZero: boolean
}

/** The rules of {@link DiagonalImbalanceOptions}. */
export const diagonalRules: typeof windowRules &
  typeof binRules & {
    readonly timeframe: OptionRule<Timeframe>
    readonly definition: OptionRule<Definition>
    readonly ratio: OptionRule<number>
    readonly minVolume: OptionRule<number>
    readonly ignoreZero: OptionRule<boolean>
  } = {
  ...windowRules,
  ...binRules,
  timeframe: timeframeRule,
  definition: oneOf(['atas', 'freqtrade'], 'atas'),
  ratio: number(0, 1e9, 3),
  minVolume: number(0, Number.MAX_VALUE, 0),
  ignoreZero: flag(false),
}

/**
 * CTEs, the last of them `imbalance (bar, side, bin, position, dominant, opposite)`; positions
 * that follow on each other are neighbours.
 */
export function diagonalSql(
  { timeframe, definition, ratio, minVolume, ignoreZero }: ResolvedDiagonal,
  grid: Bins,
  window: ResolvedWindow,
): string {
  const enough = (volume: string): string => reaches(volume, `${minVolume.toExponential()}::DOUBLE`)
  const sides = {
    atas: `
      SELECT bar, 'BUY' AS side, bin, bin AS position, buy_volume AS dominant,
        if(below = bin - 1, sell_below, 0) AS opposite
      FROM beside WHERE below IS NOT NULL AND ${enough('buy_volume')}
      UNION ALL
      SELECT bar, 'SELL', bin, bin, sell_volume, if(above = bin + 1, buy_above, 0)
      FROM beside WHERE above IS NOT NULL AND ${enough('sell_volume')}`,
    freqtrade: `
      SELECT bar, 'BUY' AS side, bin, position, buys_above AS dominant, sell_count AS opposite
      FROM beside WHERE above IS NOT NULL AND ${enough('buy_volume + sell_volume')}
      UNION ALL
      SELECT bar, 'SELL', bin, position, sell_count, buys_above
      FROM beside WHERE above IS NOT NULL AND ${enough('buy_volume + sell_volume')}`,
  }[definition]
  return `
    cell AS MATERIALIZED (
      SELECT * FROM (${cellsSql({ timeframe, grid }, window)}) WHERE ${wholeBars()}
    ), beside AS MATERIALIZED (
      SELECT *, row_number() OVER bar AS position,
        lag(bin) OVER bar AS below, lag(sell_volume) OVER bar AS sell_below,
        lead(bin) OVER bar AS above, lead(buy_volume) OVER bar AS buy_above,
        lead(buy_count) OVER bar AS buys_above
      FROM cell WINDOW bar AS (PARTITION BY bar ORDER BY bin)
    ), imbalance AS (
      SELECT * FROM (${sides})
      WHERE ${exceeds('dominant', `${ratio.toExponential()}::DOUBLE * opposite`)}
        ${ignoreZero ? 'AND opposite > 0' : ''}
    )`
}
