import { integer, oneOf, resolveOptions } from '../options.ts'
import { binRules, bins, type Rounding } from './bins.ts'
import { coveredFromSql, truncatedSql, windowBegin, type Coverage } from './coverage.ts'
import { query, type Query } from './query.ts'
import { resolveWindow, ticksInWindow, windowRules, type WindowOptions } from './window.ts'

export interface VolumeNodesOptions extends WindowOptions {
  /** The width of a bin, in price. */
  readonly binSize: number
  readonly rounding?: Rounding | undefined
  /** With how many bins on each side a bin is compared. Default 1. */
  readonly neighbours?: number | undefined
  /** Empty bins between are bins of volume 0 (`count`, default) or not there (`skip`). */
  readonly emptyBins?: 'count' | 'skip' | undefined
}

export interface VolumeNode extends Coverage {
  readonly type: 'high' | 'low'
  /** The bin's name. */
  readonly price: number
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
  const covered = coveredFromSql(window)
  return query(
    name,
    `WITH traded AS MATERIALIZED (
      SELECT ${grid.index('price')} AS bin, sum(volume) AS volume
      FROM ticks WHERE ${ticksInWindow(window)} GROUP BY bin
    ), slot AS (${emptyBins === 'skip' ? `SELECT *, row_number() OVER (ORDER BY bin) AS slot FROM traded` : withLoneGaps})
    , beside AS (
      SELECT *, (SELECT min(slot) FROM slot) AS first, (SELECT max(slot) FROM slot) AS last,
        ${neighbours === 1 ? nextSlots : slotsWithin(neighbours)}
      FROM slot
    ), node AS (
      SELECT bin, volume, CASE
        WHEN volume > coalesce(most_below, 0) AND volume > coalesce(most_above, 0) THEN 'high'
        WHEN below = least(${neighbours}, slot - first) AND volume < least_below
          AND above = least(${neighbours}, last - slot) AND volume < least_above THEN 'low'
        END AS type
      FROM beside WHERE slot > first AND slot < last
    )
    SELECT type AS "type", ${grid.label('bin')} AS "price", volume AS "volume",
      ${covered} AS "coveredFrom", ${truncatedSql(windowBegin(window), covered)} AS "truncated"
    FROM node WHERE type IS NOT NULL ORDER BY bin`,
    window.params,
  )
}

/** Of the empty bins only one alone between two others can be a node: it is the one put in. */
const withLoneGaps = `
  SELECT bin, volume, bin AS slot FROM traded
  UNION ALL
  SELECT bin + 1, 0, bin + 1 FROM (SELECT bin, lead(bin) OVER (ORDER BY bin) AS next FROM traded)
  WHERE next = bin + 2`

function slotsWithin(neighbours: number): string {
  const frames = {
    below: `(ORDER BY slot RANGE BETWEEN ${neighbours} PRECEDING AND 1 PRECEDING)`,
    above: `(ORDER BY slot RANGE BETWEEN 1 FOLLOWING AND ${neighbours} FOLLOWING)`,
  }
  return Object.entries(frames)
    .map(
      ([side, frame]) => `max(volume) OVER ${frame} AS most_${side},
        min(volume) OVER ${frame} AS least_${side}, count(*) OVER ${frame} AS ${side}`,
    )
    .join(', ')
}

/** The same for one neighbour on each side, at half the price of the frames. */
const nextSlots = Object.entries({ below: ['lag', '-'], above: ['lead', '+'] })
  .map(([side, [next, sign]]) => {
    const touches = `${next}(slot) OVER (ORDER BY slot) = slot ${sign} 1`
    const volume = `if(${touches}, ${next}(volume) OVER (ORDER BY slot), NULL)`
    return `${volume} AS most_${side}, ${volume} AS least_${side}, if(${touches}, 1, 0) AS ${side}`
  })
  .join(', ')
