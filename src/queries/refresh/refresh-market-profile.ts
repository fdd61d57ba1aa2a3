import { barEnd } from '../../schema/candles.ts'
import { barStart } from '../../schema/tables.ts'
import { timeframeMs } from '../../time.ts'
import { bins } from '../bins.ts'
import { valueAreaSql } from '../value-area.ts'
import { keptComplete } from './mark-complete.ts'
import { timestampSql, type RefreshPass } from './plan-refresh.ts'

/**
 * Statements that bring `market_profile` up to date, out of ticks: a bar that retention has cut
 * into keeps the row that it had. Value area 70 %, one bin at a time, empty bins counted. Without
 * a `binSize` a bar's bins are a power of ten, a thousandth to a ten-thousandth of its highest
 * price: 10 at 61,837, 1 at 2,683.
 */
export function refreshMarketProfileSql(pass: RefreshPass, binSize?: number): string[] {
  const { timeframe, until, marks } = pass
  const width = timeframeMs[timeframe] * 1000
  const deleted = Math.max(marks['ticks'] ?? -Infinity, marks['market_profile'] ?? -Infinity)
  const from = Math.max(pass.from, Math.ceil(deleted / width) * width)
  const range = `timestamp >= ${timestampSql(from)} AND timestamp < ${timestampSql(until)}`
  const grid = binSize === undefined ? decimalBins : fixedBins(binSize)
  return [
    `CREATE OR REPLACE TEMP TABLE pairduck_refreshed AS
    WITH traded AS (
      SELECT ${barStart(timeframe)} AS profile, price, volume FROM ticks WHERE ${range}
    ), grid AS (
      SELECT profile, ${grid.units} AS units, ${grid.scale} AS scale FROM traded GROUP BY profile
    ), bin AS MATERIALIZED (
      SELECT profile, ${grid.index} AS bin, sum(volume) AS weight
      FROM traded JOIN grid USING (profile) GROUP BY ALL
    ), ${valueAreaSql({
      valueAreaShare: 0.7,
      valueArea: 'single',
      emptyBins: 'count',
      valueAreaStop: 'reached',
    })}
    SELECT
      profile AS timestamp, '${timeframe}' AS timeframe, ${grid.edge('poc')} AS poc,
      ${grid.edge('area_high + 1')} AS value_area_high, ${grid.edge('area_low')} AS value_area_low,
      total AS total_volume, units / scale AS bin_size, ${barEnd(timeframe, 'profile')} AS known_at
    FROM area JOIN grid USING (profile)`,
    `DELETE FROM market_profile WHERE timeframe = '${timeframe}' AND ${range}`,
    `INSERT INTO market_profile SELECT *, ${keptComplete('market_profile', timeframe)} FROM pairduck_refreshed`,
  ]
}

/** Bins of `units / scale`, both exact; see bins.ts. */
interface Grid {
  readonly units: string
  readonly scale: string
  readonly index: string
  readonly edge: (index: string) => string
}

const exponents = Array.from({ length: 23 }, (_, exponent) => `1e${exponent}::DOUBLE`)

/** 10 to a whole power, exact up to 1e22: beyond that no double is. */
function powerOfTen(power: string): string {
  return `coalesce([${exponents.join(', ')}][${power} + 1], pow(10::DOUBLE, least(${power}, 308)))`
}

const exponent = '(floor(log10(max(price)))::INTEGER - 3)'

const decimalBins: Grid = {
  units: powerOfTen(`greatest(0, ${exponent})`),
  scale: powerOfTen(`greatest(0, -${exponent})`),
  // The nudge of bins.ts: what meets an edge in decimals belongs to the bin above it.
  index: `floor(price * scale / units * (1 + 8.881784197001252e-16::DOUBLE))::BIGINT`,
  edge: (index) => `((${index}) * units / scale)`,
}

function fixedBins(binSize: number): Grid {
  const bin = bins({ binSize, rounding: 'floor' })
  return {
    units: `${binSize.toExponential()}::DOUBLE`,
    scale: '1::DOUBLE',
    index: bin.index('price'),
    edge: (index) => bin.lowerEdge(index),
  }
}
