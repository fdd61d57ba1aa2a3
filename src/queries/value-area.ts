import { number, oneOf, type OptionRule } from '../options.ts'

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
 * `area (profile, lowest, highest, total, poc, poc_weight, area_low, area_high, area_weight)`, in
 * bin numbers. `profile` tells many profiles of one statement apart.
 *
 * Growing from the point of control, the larger of two neighbours first, is a merge of two lists
 * by their heads; a head waits until the other side's are smaller. So a bin's turn is decided by
 * the smallest weight between it and the point of control, itself included: sorting by that, upper
 * side first among equals, gives the order of the greedy walk without walking. A bin beyond an
 * empty one has the turn of an empty one, so empty bins need not be there.
 */
export function valueAreaSql({
  valueAreaShare,
  valueArea,
  emptyBins,
  valueAreaStop,
}: ResolvedValueArea): string {
  const distance = emptyBins === 'count' ? 'abs(bin - poc)' : 'rank'
  const block = valueArea === 'single' ? distance : `(${distance} + 1) // 2`
  const outer =
    valueArea === 'pair' && emptyBins === 'count'
      ? 'if(above, least(poc + 2 * block, highest), greatest(poc - 2 * block, lowest))'
      : 'if(above, block_high, block_low)'
  const share = `${valueAreaShare.toExponential()}::DOUBLE`
  const unfinished =
    valueAreaStop === 'reached'
      ? `held < ${share} * total * (1 - 1e-12::DOUBLE)`
      : `held <= ${share} * total * (1 + 1e-12::DOUBLE)`
  return `
    extent AS MATERIALIZED (
      SELECT profile, min(bin) AS lowest, max(bin) AS highest, sum(weight) AS total
      FROM bin GROUP BY profile
    ), control AS MATERIALIZED (
      SELECT profile, lowest, highest, total,
        arg_max(bin, (weight, -abs(2 * bin - lowest - highest), -bin)) AS poc,
        max(weight) AS poc_weight
      FROM bin JOIN extent USING (profile) GROUP BY ALL
    ), beside AS (
      SELECT profile, bin, weight, lowest, highest, total, poc, poc_weight, bin > poc AS above,
        row_number() OVER (PARTITION BY profile, bin > poc ORDER BY abs(bin - poc)) AS rank
      FROM bin JOIN control USING (profile) WHERE bin <> poc
    ), block AS (
      SELECT profile, lowest, highest, total, poc, poc_weight, above, ${block} AS block,
        sum(weight) AS weight, min(bin) AS block_low, max(bin) AS block_high
      FROM beside GROUP BY ALL
    ), turn AS (
      SELECT *, if(row_number() OVER side < block, 0, min(weight) OVER side) AS turn
      FROM block
      WINDOW side AS (PARTITION BY profile, above ORDER BY block ROWS UNBOUNDED PRECEDING)
    ), grown AS (
      SELECT *, ${outer} AS edge, poc_weight + coalesce(sum(weight) OVER (
        PARTITION BY profile ORDER BY turn DESC, above DESC, block
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS held
      FROM turn
    ), taken AS (
      SELECT profile, min(edge) AS low, max(edge) AS high, max(held + weight) AS held
      FROM grown WHERE ${unfinished} GROUP BY profile
    ), area AS (
      SELECT profile, lowest, highest, total, poc, poc_weight,
        least(poc, coalesce(low, poc)) AS area_low, greatest(poc, coalesce(high, poc)) AS area_high,
        coalesce(held, poc_weight) AS area_weight
      FROM control LEFT JOIN taken USING (profile)
    )`
}
