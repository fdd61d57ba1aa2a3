import type { Query } from '../../queries/query.ts'
import {
  calculateCvdBarsQuery,
  calculateFootprintQuery,
  calculateMarketProfileQuery,
  detectFvgQuery,
  detectLargeTradesQuery,
  detectZonesQuery,
  getCandlesQuery,
} from '../../queries/index.ts'
import { query } from '../../queries/query.ts'
import { parsePair } from '../../pair.ts'
import type { StoredCandle } from '../../schema/rows.ts'
import { pairStats } from '../../serve/analytics/pair-stats.ts'
import type { Timeframe } from '../../time.ts'
import { roundStep } from '../charts/value-axis.ts'
import type { Manager } from '../manager.ts'
import { UsageError } from '../failure.ts'

/** What a document of a fixed range is made of. */
export interface FixedRange {
  readonly pair: string
  readonly timeframe: Timeframe
  readonly from: number
  readonly to: number
}

/** A browser scrolls through so many; a longer range wants longer bars. */
const mostBars = 20_000
/** Beyond it the document would be tens of megabytes. */
const mostCells = 150_000
const profileRows = 90
const footprintRows = 400
const mostMarkers = 25

interface TickFigures {
  readonly ticks: number
  readonly low: number | null
  readonly high: number | null
}

/** Everything that the page shows of a range, as it was known at the range's end. */
export async function fixedData(db: Manager, range: FixedRange): Promise<object> {
  const { pair, timeframe, from, to } = range
  const window = { from, to }
  const rows = <Row>(value: Query<Row>): Promise<Row[]> => db.query(pair, value)
  const stats = await pairStats(db, parsePair(pair))
  const source = stats.candles.includes(timeframe) ? ('candles' as const) : ('ticks' as const)
  const bars = { timeframe, source, ...window }
  const candles = await rows(getCandlesQuery(bars))
  refuseSize(range, candles)
  const [figures] = await rows(ticksQuery(range))
  const { ticks, low, high } = figures!
  const span = high !== null && low !== null ? high - low : 0
  const tick = 10 ** -decimalsOf(candles)
  const quantile = Math.max(0.99, 1 - mostMarkers / Math.max(1, ticks))
  const footprint = await footprintOf(db, range, Math.max(tick, roundStep(span / footprintRows)))
  return {
    pair,
    timeframe,
    range: window,
    stats: { ...stats, ticks },
    footprintBin: footprint.binSize,
    notes: notesOf(range, { ticks, candles, hasFootprint: footprint.bars.length > 0 }),
    rows: {
      candles,
      'cvd-bars': await rows(calculateCvdBarsQuery({ timeframe, ...window })),
      fvg: await rows(detectFvgQuery({ ...bars, asOf: to })),
      zones: await rows(detectZonesQuery({ ...bars, asOf: to })),
      'large-trades':
        ticks === 0 ? [] : await rows(detectLargeTradesQuery({ ...window, asOf: to, quantile })),
      profile:
        ticks === 0
          ? []
          : await rows(
              calculateMarketProfileQuery({
                ...window,
                binSize: Math.max(tick, roundStep(Math.max(span, tick) / profileRows)),
              }),
            ),
      footprint: footprint.bars,
      gaps: (await db.gaps(pair)).filter(
        ({ fromTime, toTime }) => fromTime < to && (toTime === null || toTime > from),
      ),
    },
  }
}

function refuseSize({ timeframe }: FixedRange, candles: readonly StoredCandle[]): void {
  if (candles.length > mostBars)
    throw new UsageError(
      `the range has ${candles.length} bars of ${timeframe}, a page holds ${mostBars}: choose a longer --timeframe or a shorter range`,
    )
}

async function footprintOf(
  db: Manager,
  { pair, timeframe, from, to }: FixedRange,
  binSize: number,
): Promise<{ binSize: number; bars: readonly unknown[] }> {
  const asked = calculateFootprintQuery({ timeframe, from, to, binSize })
  const bars = await db.query(pair, asked)
  const cells = bars.reduce((sum, bar) => sum + bar.bins.length, 0)
  return { binSize, bars: cells > mostCells ? [] : bars }
}

/** What is not in the document, in words that stand on it. */
function notesOf(
  { timeframe }: FixedRange,
  {
    ticks,
    candles,
    hasFootprint,
  }: { ticks: number; candles: readonly unknown[]; hasFootprint: boolean },
): string[] {
  if (candles.length === 0) return [`no bars of ${timeframe} are stored for this range`]
  if (ticks === 0) return ['no trades are stored for this range: no delta, profile and footprint']
  return hasFootprint ? [] : ['without the footprint, which is too large for this range']
}

function ticksQuery({ from, to }: FixedRange): Query<TickFigures> {
  return query<TickFigures>(
    'ticksOfPage',
    `SELECT count(*) AS "ticks", min(price) AS "low", max(price) AS "high" FROM ticks
    WHERE timestamp >= make_timestamp($from) AND timestamp < make_timestamp($to)`,
    bounds(from, to),
  )
}

function bounds(from: number, to: number): { from: bigint; to: bigint } {
  return { from: BigInt(Math.round(from * 1000)), to: BigInt(Math.round(to * 1000)) }
}

function decimalsOf(candles: readonly StoredCandle[]): number {
  return candles.slice(-500).reduce((most, { close }) => {
    const text = Number(close.toPrecision(12)).toString()
    return Math.max(most, text.includes('.') ? text.length - text.indexOf('.') - 1 : 0)
  }, 0)
}
