import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  calculateCvdBarsQuery,
  calculateCvdQuery,
  calculateFootprintQuery,
  calculateMarketProfileQuery,
  calculateNakedPocQuery,
  calculateOrderFlowImbalanceQuery,
  calculateStackedImbalanceQuery,
  calculateVolumeNodesQuery,
  calculateVwapBarsQuery,
  calculateVwapQuery,
  detectZonesQuery,
  candlesFromTicksQuery,
  type Query,
} from '../../../src/queries/index.ts'
import { Duck } from '../../support/duck.ts'
import { oracleIsHere, oracleTrades } from '../../support/oracle.ts'

let duck: Duck
beforeAll(async () => {
  duck = await Duck.open()
  if (oracleIsHere) await duck.insertTicks(oracleTrades('BTCUSDT'))
})
afterAll(() => duck.close())

const minutes = { timeframe: '1m' } as const

/** Page, query of its example, and the columns whose figures it shows. */
const examples: readonly [string, Query<object>, readonly string[]][] = [
  ['candles', candlesFromTicksQuery({ timeframe: '3m' }), ['volume', 'buyVolume', 'sellVolume']],
  ['cvd', calculateCvdQuery(), ['cvd', 'buyVolume', 'sellVolume']],
  ['cvd', calculateCvdQuery({ minSize: 0.1 }), ['cvd']],
  [
    'cvd',
    calculateCvdBarsQuery({ ...minutes, reset: 'session', from: Date.UTC(2024, 7, 8, 23, 57) }),
    ['open', 'high', 'low', 'close', 'delta'],
  ],
  [
    'order-flow-imbalance',
    calculateOrderFlowImbalanceQuery(),
    ['imbalanceRatio', 'tradeImbalance', 'delta', 'buyVolume', 'sellVolume'],
  ],
  [
    'footprint',
    calculateFootprintQuery({
      ...minutes,
      binSize: 10,
      from: Date.UTC(2024, 7, 8, 23, 55),
      to: Date.UTC(2024, 7, 8, 23, 56),
    }),
    ['delta', 'maxDelta', 'minDelta', 'volume', 'poc'],
  ],
  [
    'diagonal-imbalance',
    calculateStackedImbalanceQuery({ ...minutes, binSize: 5, to: Date.UTC(2024, 7, 8, 23, 56) }),
    ['side', 'priceLow', 'priceHigh', 'dominant'],
  ],
  [
    'market-profile',
    calculateMarketProfileQuery({ binSize: 10 }),
    ['poc', 'pocVolume', 'valueAreaLow', 'valueAreaHigh', 'valueAreaVolume', 'totalVolume'],
  ],
  [
    'market-profile',
    calculateMarketProfileQuery({ binSize: 10, valueArea: 'pair' }),
    ['valueAreaLow', 'valueAreaHigh', 'valueAreaVolume'],
  ],
  [
    'naked-poc',
    calculateNakedPocQuery({ ...minutes, binSize: 10, includeFilled: true }),
    ['poc', 'volume'],
  ],
  ['vwap', calculateVwapQuery(), ['vwap', 'standardDeviation', 'volume']],
  [
    'vwap',
    calculateVwapBarsQuery({ ...minutes, reset: 'session', from: Date.UTC(2024, 7, 8, 23, 58) }),
    ['vwap', 'standardDeviation', 'volume'],
  ],
]

describe.runIf(oracleIsHere)("the figures in docs/analytics are the queries' own", () => {
  test.each(examples)('%s', async (name, query, columns) => {
    const page = pageOf(name)
    const rows = await duck.query(query as Query<Record<string, number>>)
    expect(rows.length).toBeGreaterThan(0)
    for (const row of rows)
      for (const column of columns) expect(page).toContain(shown(row[column]!))
  })

  test('diagonal-imbalance: how many, and of whom', async () => {
    const stacks = await duck.query(calculateStackedImbalanceQuery({ ...minutes, binSize: 5 }))
    expect(stacks.map(({ side }) => side)).toEqual('SELL SELL SELL SELL BUY BUY SELL'.split(' '))
    expect(pageOf('diagonal-imbalance')).toContain(
      "seven stacks in the example's trades, five of sellers and two of buyers",
    )
    for (const { timestamp, side, priceLow, priceHigh, count, dominant } of [
      stacks[0]!,
      stacks.at(-1)!,
    ])
      expect(rowsOf('diagonal-imbalance')).toContainEqual(
        [clock(timestamp).slice(0, 5), side, priceLow, priceHigh, count, shown(dominant)].map(
          String,
        ),
      )
  })

  test('supply-demand-zones: the last four of nine', async () => {
    const zones = await duck.query(
      detectZonesQuery({ timeframe: '1s', source: 'ticks', minStrength: 3 }),
    )
    expect(zones).toHaveLength(9)
    expect(pageOf('supply-demand-zones')).toContain('the last four of nine')
    const rows = zones
      .slice(-4)
      .map((zone) => [
        clock(zone.timestamp),
        zone.type,
        zone.priceLow.toFixed(2),
        zone.priceHigh.toFixed(2),
        zone.strength.toFixed(2),
        zone.status,
        ...[zone.knownAt, zone.touchedAt, zone.brokenAt].map(clock),
      ])
    expect(rowsOf('supply-demand-zones').slice(-4)).toEqual(rows)
  })

  test('volume-nodes', async () => {
    const nodes = await duck.query(calculateVolumeNodesQuery({ binSize: 10, neighbours: 2 }))
    expect(nodes).toHaveLength(10)
    expect(nodes.map(({ price }) => price)).toEqual(expect.arrayContaining([61670, 61700, 61720]))
  })
})

function pageOf(name: string): string {
  return readFileSync(new URL(`../../../docs/analytics/${name}.md`, import.meta.url), 'utf8')
}

/** The cells of every row of a page's tables. */
function rowsOf(name: string): string[][] {
  return [...pageOf(name).matchAll(/^\|(.*)\|$/gm)].map(([, row = '']) =>
    row.split('|').map((cell) => cell.trim()),
  )
}

/** The time of day, a dash for never. */
function clock(ms: number | null): string {
  return ms === null ? '–' : new Date(ms).toISOString().slice(11, 19)
}

/** As the pages write figures: five decimals, a true minus. */
function shown(figure: number | string): string {
  if (typeof figure === 'string') return figure
  const text = Number.isInteger(figure) ? String(figure) : figure.toFixed(5)
  return text.replace('-', '−')
}
