import {
  calculateCvdQuery,
  calculateMarketProfileQuery,
  calculateOrderFlowImbalanceQuery,
  detectFvgQuery,
  getCandlesQuery,
  type StoredCandle,
} from '../../queries/index.ts'
import type { CleanupPass } from '../../storage/upkeep/cleanup-pass.ts'
import { binSizeOf } from '../bar-options.ts'
import { candleChart } from '../charts/candle-chart.ts'
import { lineChart, type LinePoint } from '../charts/line-chart.ts'
import { profileChart } from '../charts/profile-chart.ts'
import { bytesText, countText, durationText, priceText, ratioText, signedText } from '../figures.ts'
import { headingLine } from '../heading.ts'
import { onlyRow, type Answer, type PairView } from '../pair-command.ts'
import type { Terminal } from '../terminal.ts'
import { textTable } from '../text-table.ts'
import type { MarketIngest, PairIngest } from './ingest-market.ts'

/** What came in, pair by pair: every trade once, however often it was delivered. */
export function ingestLines(ingest: MarketIngest, { tableColumns, ink }: Terminal): string[] {
  const exact = ingest.pairs.every(({ duplicates, replayed }) => duplicates === replayed)
  return [
    textTable(
      ingest.pairs,
      [
        { title: 'pair', cell: ({ pair }) => pair, align: 'left' },
        figure('delivered', ({ delivered }) => delivered),
        figure('stored', ({ inserted }) => inserted),
        figure('replayed', ({ replayed }) => replayed),
        figure('recognised', ({ duplicates }) => duplicates),
        figure('late', ({ late }) => late),
      ],
      { columns: tableColumns, ink },
    ),
    `${countText(ingest.ticks)} ticks in ${countText(ingest.calls)} durable calls took ${durationText(ingest.tookMs)}: ${ink.strong(`${countText(ingest.ticksPerSecond)} ticks a second`)}, candles included`,
    exact
      ? 'every replayed trade was recognised: nothing is stored twice'
      : 'NOT every replayed trade was recognised',
    '',
  ]
}

function figure(title: string, of: (pair: PairIngest) => number) {
  return { title, cell: (pair: PairIngest) => countText(of(pair)) }
}

const chartRows = 16

/** The analytics of one pair, as charts and as figures. */
export async function demoAnalytics(view: PairView): Promise<Answer> {
  const { pair, terminal } = view
  const { columns, ink } = terminal
  const candles = await view.query(getCandlesQuery({ timeframe: '1m' }))
  const profile = await onlyRow(
    view.query(calculateMarketProfileQuery({ binSize: await binSizeOf(view, {}) })),
  )
  const cvd = await onlyRow(view.query(calculateCvdQuery()))
  const imbalance = await onlyRow(view.query(calculateOrderFlowImbalanceQuery()))
  const gaps = await view.query(detectFvgQuery({ timeframe: '1m' }))
  const { poc, valueAreaLow, valueAreaHigh } = profile
  return {
    json: { pair, cvd, imbalance, profile, candles: candles.length, gaps: gaps.length },
    lines: () => [
      headingLine({ pair, what: '1m candles' }, ink),
      ...candleChart(candles, { columns, rows: chartRows + 4, ink }),
      '',
      headingLine({ pair, what: 'cumulative volume delta' }, ink),
      ...lineChart(cvdOf(candles), { columns, rows: chartRows - 2, ink }),
      '',
      headingLine({ pair, what: 'market profile' }, ink),
      ...(poc === null || valueAreaLow === null || valueAreaHigh === null
        ? ['no trades']
        : profileChart(
            { ...profile, poc, valueAreaLow, valueAreaHigh },
            { columns, rows: chartRows + 4, ink },
          )),
      '',
      `CVD ${signedText(cvd.cvd)}   bought ÷ sold ${ratioText(imbalance.imbalanceRatio)}   POC ${priceText(poc)}`,
      `fair value gaps ${gaps.length}, of them ${gaps.filter(({ filledAt }) => filledAt !== null).length} filled`,
      '',
    ],
  }
}

/** What a cleanup with the default retention did, where there was one. */
export function retentionLines(pass: CleanupPass | undefined): string[] {
  if (pass === undefined) return []
  const { deletedRows, tookMs } = pass
  return [
    `cleanup: ${countText(deletedRows)} rows older than the default retention deleted in ${durationText(tookMs)}; new trades use their space, so the files stay at this size`,
    '',
  ]
}

/** The last thing that is read: what was stored, how fast, and in how many bytes. */
export function summaryLines(
  { ticks, ticksPerSecond, pairs, bytes }: DemoSummary,
  { ink }: Terminal,
): string[] {
  return [
    ink.strong(
      `${countText(ticks)} trades of ${pairs} pairs, each stored once and durable: ${countText(ticksPerSecond)} a second, ${bytesText(bytes)} on disk`,
    ),
  ]
}

interface DemoSummary {
  /** Without those that came a second time. */
  readonly ticks: number
  readonly ticksPerSecond: number
  readonly pairs: number
  readonly bytes: number
}

/** The cumulative delta at the end of each bar. */
function cvdOf(candles: readonly StoredCandle[]): LinePoint[] {
  let value = 0
  return candles.map(({ timestamp, buyVolume, sellVolume }) => {
    value += (buyVolume ?? 0) - (sellVolume ?? 0)
    return { timestamp, value }
  })
}
