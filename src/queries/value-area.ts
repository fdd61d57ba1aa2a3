import { number, oneOf, type OptionRule } from '../options.ts'
import type { Bins } from './bins.ts'
import { comparable, exceeds, reaches } from './rounding.ts'

/** Which definition of the value area is meant, where tools disagree. */
export interface ValueAreaOptions {
  /** The share of the volume that the area holds. Default 0.7. */
  readonly valueAreaShare?: number | undefined
  /**
   * `single` (default): one bin at a time, the larger neighbour, the upper one on a tie. `pair`
   * (CBOT): the two bins above against the two below, below only if strictly larger.
   */
  readonly valueArea?: 'single' | 'pair' | undefined
  /** Empty bins between are bins (`count`, default) or not there (`skip`, as py-market-profile). */
  readonly emptyBins?: 'count' | 'skip' | undefined
  /** Stop at a share reached (`reached`, default) or only when it is passed (`passed`). */
  readonly valueAreaStop?: 'reached' | 'passed' | undefined
}

export type ResolvedValueArea = {
  readonly [Name in keyof ValueAreaOptions]-?: NonNullable<ValueAreaOptions[Name]>
}

/** The rules of {@link ValueAreaOptions}, to be spread into a builder's own. */
export const valueAreaRules: {
  readonly [Name in keyof ValueAreaOptions]-?: OptionRule<NonNullable<ValueAreaOptions[Name]>>
} = {
  valueAreaShare: number(Number.MIN_VALUE, 1, 0.7),
  valueArea: oneOf(['single', 'pair'], 'single'),
  emptyBins: oneOf(['count', 'skip'], 'count'),
  valueAreaStop: oneOf(['reached', 'passed'], 'reached'),
}

/**
 * CTEs over `bin (profile, bin, weight)` that find each profile's point of control and value area:
 * `area (profile, total, poc, poc_weight, area_low, area_high, area_weight)`, in bin numbers.
 * `profile` tells many profiles of one statement apart.
 *
 * Growing from the point of control, the larger of two neighbours first, is a merge of two lists
 * by their heads; a head waits until the other side's are smaller. So a bin's turn is decided by
 * the smallest weight between it and the point of control, itself included: sorting by that, upper
 * side first among equals, gives the order of the greedy walk without walking. A bin beyond an
 * empty one has the turn of an empty one, so empty bins need not be there.
 *
 * One CTE after the other, each used once: the engine binds a CTE anew wherever it is named, and
 * for some hundred bins that costs more than the work.
 */
export function valueAreaSql({
  valueAreaShare,
  valueArea,
  emptyBins,
  valueAreaStop,
}: ResolvedValueArea): string {
  const distance = emptyBins === 'count' ? 'abs(bin - poc)' : 'if(side = 0, 0, rank)'
  const block = valueArea === 'single' ? distance : `(${distance} + 1) // 2`
  const outer =
    valueArea === 'pair' && emptyBins === 'count'
      ? 'if(side > 0, least(poc + 2 * block, highest), greatest(poc - 2 * block, lowest))'
      : 'if(side > 0, block_high, block_low)'
  const share = `${valueAreaShare.toExponential()}::DOUBLE`
  const finished = { reached: reaches, passed: exceeds }[valueAreaStop]('held', `${share} * total`)
  return `
    extent AS (
      SELECT *, min(bin) OVER whole AS lowest, max(bin) OVER whole AS highest,
        sum(weight) OVER whole AS total
      FROM bin WINDOW whole AS (PARTITION BY profile)
    ), control AS (
      SELECT *, first_value(bin) OVER ranked AS poc, first_value(weight) OVER ranked AS poc_weight
      FROM extent WINDOW ranked AS (PARTITION BY profile
        ORDER BY ${comparable('weight')} DESC, abs(2 * bin - lowest - highest), bin)
    ), beside AS (
      SELECT *, sign(bin - poc) AS side,
        row_number() OVER (PARTITION BY profile, sign(bin - poc) ORDER BY abs(bin - poc)) AS rank
      FROM control
    ), block AS (
      SELECT profile, lowest, highest, total, poc, poc_weight, side, ${block} AS block,
        sum(weight) AS weight, min(bin) AS block_low, max(bin) AS block_high
      FROM beside GROUP BY ALL
    ), turn AS (
      SELECT *, CASE WHEN side = 0 THEN 'infinity'::DOUBLE
        WHEN row_number() OVER outwards < block THEN 0 ELSE min(${comparable('weight')}) OVER outwards END AS turn
      FROM block
      WINDOW outwards AS (PARTITION BY profile, side ORDER BY block ROWS UNBOUNDED PRECEDING)
    ), grown AS (
      SELECT *, ${outer} AS edge, coalesce(sum(weight) OVER (
        PARTITION BY profile ORDER BY turn DESC, side DESC, block
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS held
      FROM turn
    ), area AS (
      SELECT profile, total, poc, poc_weight, min(edge) AS area_low, max(edge) AS area_high,
        max(held + weight) AS area_weight
      FROM grown WHERE NOT (${finished}) GROUP BY ALL
    )`
}

/** Columns of `area` as profiles give them: prices at the edges, bins by their names. */
export function valueAreaColumns(grid: Bins): string {
  return `${grid.label('poc')} AS "poc",
      ${grid.lowerEdge('area_low')} AS "valueAreaLow",
      ${grid.upperEdge('area_high')} AS "valueAreaHigh",
      ${grid.label('area_low')} AS "valueAreaLowBin", ${grid.label('area_high')} AS "valueAreaHighBin"`
}
