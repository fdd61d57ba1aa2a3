import * as cold from '../../src/clickhouse/index.ts'
import * as hot from '../../src/queries/index.ts'
import type { Query } from '../../src/queries/query.ts'
import type { ClickhouseQuery } from '../../src/clickhouse/index.ts'

const shared = [
  ['candlesFromTicksQuery', { timeframe: '1m' }],
  ['candlesFromTicksQuery', { timeframe: '4h', fill: 'previous' }],
  ['candlesFromTicksQuery', { timeframe: '1s', fill: 'previous' }],
  ['calculateCvdQuery', {}],
  ['calculateCvdQuery', { minSize: 2, maxSize: 5 }],
  ['calculateCvdBarsQuery', { timeframe: '1m' }],
  ['calculateCvdBarsQuery', { timeframe: '1m', reset: 7, minSize: 0.01 }],
  ['calculateCvdBarsQuery', { timeframe: '5m', reset: 'session', sessionStart: '23:57' }],
  ['calculateOrderFlowImbalanceQuery', {}],
  ['calculateVwapQuery', { bands: [0.5, 2] }],
  ['calculateVwapBarsQuery', { timeframe: '1m' }],
  ['calculateVwapBarsQuery', { timeframe: '3m', reset: 'session', bands: [] }],
  ['detectLargeTradesQuery', {}],
  ['detectLargeTradesQuery', { quantile: 0.5, measure: 'notional', side: 'SELL' }],
  ['detectLargeTradesQuery', { minSize: 3, side: 'BUY' }],
  ['calculateMarketProfileQuery', {}],
  ['calculateMarketProfileQuery', { valueArea: 'pair', rounding: 'nearest', valueAreaShare: 0.5 }],
  ['calculateMarketProfileQuery', { valueArea: 'pair', emptyBins: 'skip', rounding: 'ceil' }],
  [
    'calculateMarketProfileQuery',
    { emptyBins: 'skip', valueAreaStop: 'passed', rounding: 'halfEven' },
  ],
  ['calculateDiagonalImbalanceQuery', { timeframe: '1m', ratio: 1.5 }],
  [
    'calculateDiagonalImbalanceQuery',
    { timeframe: '15m', definition: 'freqtrade', ignoreZero: true, minVolume: 2 },
  ],
] as const

type Builder = (options: object) => Query<object> & ClickhouseQuery<object>

/** What is asked of both engines. */
export interface ClickhouseQuestion {
  readonly name: string
  readonly options: object
  readonly ours: Query<object>
  readonly theirs: ClickhouseQuery<object>
}

/** Each builder by both engines, over what `given` adds to its options. */
export function* clickhouseQuestions(
  given: object,
  binSize: number,
): Generator<ClickhouseQuestion> {
  for (const [name, own] of shared) {
    const isBinned = /Profile|Diagonal/.test(name)
    const options = { ...own, ...given, ...(isBinned ? { binSize } : {}) }
    const build = (from: object): Builder => Reflect.get(from, name) as Builder
    yield { name, options, ours: build(hot)(options), theirs: build(cold)(options) }
  }
}
