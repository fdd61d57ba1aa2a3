import { integer, oneOf, resolveOptions } from '../options.ts'
import { binRules, bins, type Rounding } from './bins.ts'
import { windowCoverage, type Coverage } from './coverage.ts'
import { query, type Query } from './query.ts'
import { comparable } from './rounding.ts'
import { resolveWindow, ticksInWindow, windowRules, type WindowOptions } from './window.ts'

/** Options of `calculateVolumeNodesQuery`. */
export interface VolumeNodesOptions extends WindowOptions {
  /** The width of a bin, in price. */
  readonly binSize: number
  /** Which edge of a bin names it. Default `floor`: the lower edge. */
  readonly rounding?: Rounding | undefined
  /** With how many bins on each side a bin is compared. Default 1. */
  readonly neighbours?: number | undefined
  /** Empty bins between are bins of volume 0 (`count`, default) or not there (`skip`). */
  readonly emptyBins?: 'count' | 'skip' | undefined
}

/** A row of `calculateVolumeNodesQuery`. */
export interface VolumeNode extends Coverage {
  /** More or less volume than the neighbours. */
  readonly type: 'high' | 'low'
  /** The bin's name. */
  readonly price: number
  /** Traded volume in the base currency. */
  readonly volume: number
}

/**
 * High and low volume nodes of a window's profile, lowest price first: bins whose volume is
 * strictly above, or strictly below, that of every one of their neighbours. The lowest and the
 * highest bin of the profile are no nodes; neighbours beyond them are not compared. Authority:
 * py-market-profile (strict relative extremes), whose rows are `emptyBins: 'skip'`.
 */
export function calculateVolumeNodesQuery(options: VolumeNodesOptions): Query<VolumeNode> {
  const name = 'calculateVolumeNodesQuery'
  const { neighbours, emptyBins, ...resolved } = resolveOptions(name, options, {
    ...windowRules,
    ...binRules,
    neighbours: integer(1, 1_000_000, 1),
    emptyBins: oneOf(['count', 'skip'], 'count'),
  })
  const window = resolveWindow(name, resolved)
  const grid = bins(resolved)
  return query(
    name,
    `WITH traded AS MATERIALIZED (
      SELECT *, ${comparable('volume')} AS weight FROM (
        SELECT ${grid.index('price')} AS bin, sum(volume) AS volume
        FROM ticks WHERE ${ticksInWindow(window)} GROUP BY bin)
    ), ${neighbours === 1 ? besideNext(emptyBins) : amongNeighbours(emptyBins, neighbours)}
    SELECT type AS "type", ${grid.label('bin')} AS "price", volume AS "volume",
      ${windowCoverage(window)}
    FROM node WHERE type IS NOT NULL ORDER BY bin`,
    window.params,
  )
}

type EmptyBins = 'count' | 'skip'

/** CTEs up to `node`, for one neighbour on each side: at half the price of frames. */
function besideNext(emptyBins: EmptyBins): string {
  const touches = (condition: string): string => (emptyBins === 'count' ? condition : 'true')
  const [below, above] = [touches('bin_below = bin - 1'), touches('bin_above = bin + 1')]
  const loneGaps = `UNION ALL SELECT bin + 1, 0, 'low' FROM beside WHERE bin_above = bin + 2`
  return `
    beside AS MATERIALIZED (
      SELECT bin, volume, weight, lag(bin) OVER line AS bin_below, lag(weight) OVER line AS below,
        lead(bin) OVER line AS bin_above, lead(weight) OVER line AS above
      FROM traded WINDOW line AS (ORDER BY bin)
    ), node AS (
      SELECT bin, volume, CASE
        WHEN weight > if(${below}, below, 0) AND weight > if(${above}, above, 0) THEN 'high'
        WHEN ${below} AND ${above} AND weight < below AND weight < above THEN 'low'
        END AS type
      FROM beside WHERE bin_below IS NOT NULL AND bin_above IS NOT NULL
      ${emptyBins === 'count' ? loneGaps : ''}
    )`
}

/** CTEs up to `node`. Of the empty bins only one alone between two others can be a node. */
function amongNeighbours(emptyBins: EmptyBins, neighbours: number): string {
  const numbered = `SELECT *, row_number() OVER (ORDER BY bin) AS slot FROM traded`
  const withLoneGaps = `
    SELECT *, bin AS slot FROM traded
    UNION ALL
    SELECT bin + 1, 0, 0, bin + 1 FROM (SELECT bin, lead(bin) OVER (ORDER BY bin) AS next FROM traded)
    WHERE next = bin + 2`
  return `
    slot AS MATERIALIZED (${emptyBins === 'count' ? withLoneGaps : numbered}
    ), beside AS (
      SELECT *, (SELECT min(slot) FROM slot) AS first, (SELECT max(slot) FROM slot) AS last,
        max(weight) OVER below AS most_below, min(weight) OVER below AS least_below,
        count(*) OVER below AS below,
        max(weight) OVER above AS most_above, min(weight) OVER above AS least_above,
        count(*) OVER above AS above
      FROM slot WINDOW
        below AS (ORDER BY slot RANGE BETWEEN ${neighbours} PRECEDING AND 1 PRECEDING),
        above AS (ORDER BY slot RANGE BETWEEN 1 FOLLOWING AND ${neighbours} FOLLOWING)
    ), node AS (
      SELECT bin, volume, CASE
        WHEN weight > coalesce(most_below, 0) AND weight > coalesce(most_above, 0) THEN 'high'
        WHEN below = least(${neighbours}, slot - first) AND weight < least_below
          AND above = least(${neighbours}, last - slot) AND weight < least_above THEN 'low'
        END AS type
      FROM beside WHERE slot > first AND slot < last
    )`
}
