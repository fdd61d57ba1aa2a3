import { timeframeMs, type Timeframe } from '../time.ts'
import { mergeParts, partsFromTicks } from './candles.ts'
import { barStart } from './tables.ts'

/** Pieces as the parts have them. */
const stored = { swing: true }

/** Puts ticks that came after their time was rolled up into the parts, in the late commit's own transaction. */
export function latePartsSql(
  candles: readonly Timeframe[],
  batch: string,
  { from, rolledUntil }: { readonly from: number; readonly rolledUntil: number },
): string {
  const late = `timestamp < make_timestamp(${rolledUntil})`
  return partsSql(candles, { ticks: batch, where: late, from })
}

/**
 * Moves the ticks of [from, until) into the parts; to be run in one transaction, in which each bar has
 * one part ({@link mergeAllSql}). All times in µs.
 */
export function rollUpSql(
  candles: readonly Timeframe[],
  { from, until }: { readonly from: number; readonly until: number },
): string {
  const time = `make_timestamp(${until})`
  const where = `${fromOn(from)}timestamp < ${time}`
  return `${partsSql(candles, { ticks: 'ticks', where, from })}
    UPDATE pairduck_candle_state SET rolled_until = ${time}, merged_until = ${time};`
}

/**
 * Folds ticks once, into the finest bars of all, and those into the coarser ones, and merges what the
 * parts have of the same bars with them: of each bar there is one part, before and after.
 */
function partsSql(
  candles: readonly Timeframe[],
  { ticks, where, from }: { ticks: string; where: string; from: number },
): string {
  if (candles.length === 0) return ''
  const finest = finestOf(candles)
  const bars = candles.map(
    (timeframe) =>
      `SELECT '${timeframe}' AS timeframe, * REPLACE (${barStart(timeframe)} AS timestamp) FROM finest`,
  )
  // Where no bar of theirs can begin before, the engine need not look.
  const near = `${fromOn(from - 1000 * timeframeMs['1d'])}(timeframe, timestamp) IN
    (SELECT (timeframe, timestamp) FROM pairduck_pieces)`
  return `
    CREATE OR REPLACE TEMP TABLE pairduck_pieces AS
    WITH source AS MATERIALIZED (SELECT * FROM ${ticks} WHERE ${where}),
         finest AS MATERIALIZED (${partsFromTicks(finest, 'source', 'true', stored)})
    ${bars.join(' UNION ALL ')};
    INSERT INTO pairduck_pieces SELECT * FROM pairduck_candle_parts WHERE ${near};
    DELETE FROM pairduck_candle_parts WHERE ${near};
    INSERT INTO pairduck_candle_parts SELECT * FROM (${mergeParts('pairduck_pieces', ['timeframe', 'timestamp'], stored)});
    DROP TABLE pairduck_pieces;`
}

function fromOn(micros: number): string {
  return Number.isFinite(micros) ? `timestamp >= make_timestamp(${micros}) AND ` : ''
}

/** The timeframe whose bars make up those of all others: all but `1s` are whole minutes. */
function finestOf(candles: readonly Timeframe[]): Timeframe {
  if (candles.includes('1s')) return '1s'
  const [first, ...others] = candles
  const wholes = others.every((timeframe) => timeframeMs[timeframe] % timeframeMs[first!] === 0)
  return wholes ? first! : '1m'
}

/** A row when it is not known that every bar before the roll-up has one part. */
export const needsMergingSql: string = `SELECT 1 FROM pairduck_candle_state WHERE merged_until IS NULL`

/** Leaves one part of each bar, and says so; to be run in one transaction. */
export const mergeAllSql: string = `
  CREATE OR REPLACE TEMP TABLE pairduck_needs_merging AS
    SELECT timeframe, timestamp FROM pairduck_candle_parts GROUP BY ALL HAVING count(*) > 1;
  CREATE OR REPLACE TEMP TABLE pairduck_merged AS
    SELECT * FROM (${mergeParts(
      `(SELECT * FROM pairduck_candle_parts SEMI JOIN pairduck_needs_merging USING (timeframe, timestamp))`,
      ['timeframe', 'timestamp'],
      stored,
    )});
  DELETE FROM pairduck_candle_parts
    WHERE (timeframe, timestamp) IN (SELECT (timeframe, timestamp) FROM pairduck_merged);
  INSERT INTO pairduck_candle_parts SELECT * FROM pairduck_merged;
  DROP TABLE pairduck_merged;
  DROP TABLE pairduck_needs_merging;
  UPDATE pairduck_candle_state SET merged_until = rolled_until;`
