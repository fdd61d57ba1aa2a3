import { timeframeMs, type Timeframe } from '../time.ts'
import { mergePieces, wholeMark } from './candles.ts'
import { runningSql, swingSql } from './running-delta.ts'
import { barStart } from './tables.ts'

/** A stored bar whose highest and lowest running delta are not known, since ticks came late. */
export interface UnknownSwing {
  readonly timeframe: Timeframe
  /** Its open time, in µs. */
  readonly micros: number
  readonly ticks: number
}

/** Bars that are looked at again in one roll-up, at most: an upgraded file may have any number. */
const mostBars = 1000

/** Ticks that are sorted for it, at most. A bar of more is told by its ticks alone. */
const mostTicks = 100_000

/** The TIMESTAMP from which on every tick that there was is stored. */
export const wholeFromSql: string = `coalesce((SELECT max(deleted_before) FROM pairduck_marks
  WHERE relation IN ('ticks', '${wholeMark}')), '-infinity'::TIMESTAMP)`

/** A row when there may be {@link UnknownSwing}s. */
export const hasUnknownSwingsSql: string = `
  SELECT 1 FROM pairduck_candle_parts WHERE max_delta IS NULL AND NOT given LIMIT 1`

/** Gives {@link UnknownSwing}s whose ticks are all stored, the newest first. */
export const unknownSwingsSql: string = `
  SELECT timeframe, epoch_us(timestamp) AS micros, trade_count AS ticks
  FROM pairduck_candle_parts
  WHERE max_delta IS NULL AND NOT given AND timestamp >= ${wholeFromSql}
  ORDER BY timestamp DESC LIMIT ${mostBars}`

/**
 * Statements that make the extremes of such bars known: of the finest by their ticks, of which those
 * before `until` (µs) are in the bars, and of the others by finer bars.
 */
export function knowSwingsSql(
  unknown: readonly UnknownSwing[],
  { candles, until }: { readonly candles: readonly Timeframe[]; readonly until: number },
): string[] {
  return candles.flatMap((timeframe) => {
    const bars = unknown.filter((each) => each.timeframe === timeframe)
    const finer = candles.find(
      (each) => each !== timeframe && timeframeMs[timeframe] % timeframeMs[each] === 0,
    )
    const told = finer === undefined ? withinReach(bars) : bars
    if (told.length === 0) return []
    const found =
      finer === undefined
        ? fromTicksSql(timeframe, told, until)
        : fromFinerSql(timeframe, told, finer)
    // Where it is not made of the same ticks nobody knows what became of them.
    return `UPDATE pairduck_candle_parts AS part
      SET max_delta = found.max_delta, min_delta = found.min_delta FROM (${found}) AS found
      WHERE part.timeframe = '${timeframe}' AND part.timestamp = found.bar
        AND part.max_delta IS NULL AND NOT part.given AND part.trade_count = found.trade_count`
  })
}

function withinReach(bars: readonly UnknownSwing[]): UnknownSwing[] {
  let ticks = 0
  return bars.filter((bar) => {
    if (ticks + bar.ticks > mostTicks) return false
    ticks += bar.ticks
    return true
  })
}

function fromTicksSql(timeframe: Timeframe, bars: readonly UnknownSwing[], until: number): string {
  const { begin, end, list } = spanOf(timeframe, bars)
  const bar = barStart(timeframe)
  const where = `timestamp >= ${begin} AND timestamp < least(${end}, make_timestamp(${until})) AND ${bar} IN (${list})`
  return `
    WITH ${runningSql(`${bar} AS bar`, where)}, reached AS (
      SELECT bar, max(running) AS highest, min(running) AS lowest, sum(signed) AS delta,
        count(*) AS trade_count
      FROM running GROUP BY bar
    ) ${swingSql('reached')}`
}

function fromFinerSql(
  timeframe: Timeframe,
  bars: readonly UnknownSwing[],
  finer: Timeframe,
): string {
  const { begin, end, list } = spanOf(timeframe, bars)
  const pieces = `(SELECT * REPLACE (${barStart(timeframe)} AS timestamp) FROM pairduck_candle_parts
    WHERE timeframe = '${finer}' AND NOT given AND timestamp >= ${begin} AND timestamp < ${end}
      AND ${barStart(timeframe)} IN (${list}))`
  return `SELECT * RENAME (timestamp AS bar) FROM (${mergePieces(pieces, 'timestamp', { swing: true })})`
}

/** Of bars the newest first. */
function spanOf(
  timeframe: Timeframe,
  bars: readonly UnknownSwing[],
): { begin: string; end: string; list: string } {
  const times = bars.map(({ micros }) => `make_timestamp(${micros})`)
  const end = bars[0]!.micros + timeframeMs[timeframe] * 1000
  return { begin: times.at(-1)!, end: `make_timestamp(${end})`, list: times.join(', ') }
}
