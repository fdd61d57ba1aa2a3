import { exceeds, reaches } from '../../queries/rounding.ts'
import type { ResolvedValueArea } from '../../queries/value-area.ts'
import { comparable } from './cells.ts'

/**
 * CTEs over `cell (bin, bought, sold)`, the last of them `area`, one row: `poc_bin`, `poc_weight`,
 * `low_bin`, `high_bin`, `area_weight`, `whole_weight`, of nulls without a cell. The value area grows
 * as in the builders for DuckDB, where `valueAreaSql` says how: a bin's turn is the smallest weight
 * between it and the point of control.
 */
export function valueAreaSql({
  valueAreaShare,
  valueArea,
  emptyBins,
  valueAreaStop,
}: ResolvedValueArea): string {
  const distance = emptyBins === 'count' ? 'abs(bin - poc)' : 'if(side = 0, 0, nth)'
  const block = valueArea === 'single' ? distance : `intDiv(${distance} + 1, 2)`
  const outer =
    valueArea === 'pair' && emptyBins === 'count'
      ? 'if(side > 0, least(poc + 2 * block, highest), greatest(poc - 2 * block, lowest))'
      : 'if(side > 0, block_high, block_low)'
  const share = `${valueAreaShare.toExponential()} * total`
  const finished = { reached: reaches, passed: exceeds }[valueAreaStop]('held', share)
  return `
    extent AS (
      SELECT bin, bought + sold AS weight, min(bin) OVER () AS lowest, max(bin) OVER () AS highest,
        sum(bought + sold) OVER () AS total
      FROM cell
    ), control AS (
      SELECT *, first_value(bin) OVER ranked AS poc, first_value(weight) OVER ranked AS top
      FROM extent WINDOW ranked AS (
        ORDER BY ${comparable('weight')} DESC, abs(2 * bin - lowest - highest), bin
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    ), beside AS (
      SELECT *, sign(bin - poc) AS side,
        row_number() OVER (PARTITION BY sign(bin - poc) ORDER BY abs(bin - poc)) AS nth
      FROM control
    ), blocks AS (
      SELECT lowest, highest, total, poc, top, side, toInt64(${block}) AS block,
        sum(weight) AS block_weight, min(bin) AS block_low, max(bin) AS block_high
      FROM beside GROUP BY ALL
    ), turns AS (
      SELECT *, multiIf(side = 0, inf, row_number() OVER outwards < block, 0,
        min(${comparable('block_weight')}) OVER outwards) AS turn
      FROM blocks WINDOW outwards AS (PARTITION BY side ORDER BY block
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    ), grown AS (
      SELECT *, ${outer} AS edge, sum(block_weight) OVER (ORDER BY turn DESC, side DESC, block
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - block_weight AS held
      FROM turns
    ), area AS (
      SELECT anyOrNull(poc) AS poc_bin, anyOrNull(top) AS poc_weight, anyOrNull(total) AS whole_weight,
        minOrNullIf(edge, NOT (${finished})) AS low_bin, maxOrNullIf(edge, NOT (${finished})) AS high_bin,
        maxOrNullIf(held + block_weight, NOT (${finished})) AS area_weight
      FROM grown
    )`
}
