import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  calculateCvdBarsQuery,
  calculateCvdQuery,
  calculateDiagonalImbalanceQuery,
  calculateFootprintQuery,
  calculateMarketProfileQuery,
  calculateNakedPocQuery,
  calculateOrderFlowImbalanceQuery,
  calculateStackedImbalanceQuery,
  calculateTpoProfileQuery,
  calculateVolumeNodesQuery,
  calculateVwapBarsQuery,
  calculateVwapQuery,
  candlesFromTicksQuery,
  detectSpeedOfTapeQuery,
  getActiveDemandZonesQuery,
  getActiveSupplyZonesQuery,
  getCandlesQuery,
  getCoverageQuery,
  getRecentTicksQuery,
  getUnfilledFvgsQuery,
  type CvdBarsOptions,
  type Query,
} from '../../../src/queries/index.ts'
import * as everything from '../../../src/queries/index.ts'

const t0 = Date.UTC(2024, 7, 8, 12)

type Build = (options?: object) => Query<object>
const bars = { timeframe: '1m' } as const
const grid = { binSize: 5 } as const

/** Every builder of a query, with what it can't do without. */
const builders: readonly [string, Build, object][] = [
  ['calculateCvdBarsQuery', calculateCvdBarsQuery as Build, bars],
  ['calculateCvdQuery', calculateCvdQuery, {}],
  [
    'calculateDiagonalImbalanceQuery',
    calculateDiagonalImbalanceQuery as Build,
    { ...bars, ...grid },
  ],
  ['calculateFootprintQuery', calculateFootprintQuery as Build, { ...bars, ...grid }],
  ['calculateMarketProfileQuery', calculateMarketProfileQuery as Build, grid],
  ['calculateNakedPocQuery', calculateNakedPocQuery as Build, { ...bars, ...grid }],
  ['calculateOrderFlowImbalanceQuery', calculateOrderFlowImbalanceQuery, {}],
  ['calculateStackedImbalanceQuery', calculateStackedImbalanceQuery as Build, { ...bars, ...grid }],
  ['calculateTpoProfileQuery', calculateTpoProfileQuery as Build, grid],
  ['calculateVolumeNodesQuery', calculateVolumeNodesQuery as Build, grid],
  ['calculateVwapBarsQuery', calculateVwapBarsQuery as Build, bars],
  ['calculateVwapQuery', calculateVwapQuery, {}],
  ['candlesFromTicksQuery', candlesFromTicksQuery as Build, bars],
  ['getActiveDemandZonesQuery', getActiveDemandZonesQuery, {}],
  ['getActiveSupplyZonesQuery', getActiveSupplyZonesQuery, {}],
  ['getCandlesQuery', getCandlesQuery as Build, bars],
  ['getCoverageQuery', getCoverageQuery, {}],
  ['getRecentTicksQuery', getRecentTicksQuery, {}],
  ['getUnfilledFvgsQuery', getUnfilledFvgsQuery, {}],
]

describe.each(builders)('%s', (name, build, needed) => {
  test('gives a frozen value under its own name, the same for the same options', () => {
    const query = build(needed)
    expect(query.name).toBe(name)
    expect(Object.isFrozen(query) && Object.isFrozen(query.params)).toBe(true)
    expect(build(needed)).toEqual(query)
  })

  test('binds every placeholder and nothing else', () => {
    const given = name.startsWith('get')
      ? needed
      : { ...needed, from: t0, to: t0 + 1, asOf: t0 + 2 }
    const { sql, params } = build(given)
    const used = new Set([...sql.matchAll(/\$(\w+)/g)].map(([, placeholder]) => placeholder))
    expect(new Set(Object.keys(params))).toEqual(used)
  })

  test('refuses what it does not know, and what is missing', () => {
    expect(() => build({ ...needed, limitt: 1 })).toThrow(TypeError)
    expect(() => build([] as object)).toThrow(TypeError)
    for (const option of Object.keys(needed))
      expect(() => build({ ...needed, [option]: undefined })).toThrow(option)
  })
})

test.each([
  ['binSize', 0],
  ['binSize', Number.NaN],
  ['binSize', Infinity],
  ['binSize', '5'],
  ['rounding', 'round'],
  ['valueArea', 'triple'],
  ['valueAreaShare', 0],
  ['valueAreaShare', 1.1],
  ['emptyBins', 'none'],
])('a market profile refuses %s of %s', (option, value) => {
  const options = { binSize: 5, [option]: value }
  expect(() => calculateMarketProfileQuery(options)).toThrow(option)
})

test.each([
  [{ reset: 0 }],
  [{ reset: 1.5 }],
  [{ reset: 'daily' }],
  [{ sessionStart: '9:30' }],
  [{ minSize: -1 }],
  [{ timeframe: '7m' }],
])('CVD bars refuse %o', (wrong) => {
  const options = { timeframe: '1m', ...wrong } as CvdBarsOptions
  expect(() => calculateCvdBarsQuery(options)).toThrow(Object.keys(wrong)[0])
})

test.each<[string, () => unknown]>([
  ['binSize', () => calculateMarketProfileQuery({ binSize: 0 })],
  ['binSize', () => calculateFootprintQuery({ timeframe: '1m', binSize: -1 })],
  ['binSize', () => calculateTpoProfileQuery({ binSize: 1e-13 })],
  ['reset', () => calculateCvdBarsQuery({ timeframe: '1m', reset: 0 })],
  ['reset', () => calculateVwapBarsQuery({ timeframe: '1d', reset: 1_000_001 })],
  ['minSize', () => calculateCvdQuery({ minSize: 2, maxSize: 1 })],
  ['minSize', () => calculateCvdBarsQuery({ timeframe: '1m', minSize: 2, maxSize: 1 })],
  ['minSize', () => calculateOrderFlowImbalanceQuery({ minSize: 2, maxSize: 1 })],
  // 2024 in Unix seconds: in milliseconds that is January 1970.
  ['milliseconds', () => calculateCvdQuery({ from: t0 / 1000 })],
  ['milliseconds', () => calculateCvdQuery({ window: { to: t0 / 1000 } })],
  ['milliseconds', () => calculateCvdQuery({ lookbackMinutes: 5, now: t0 / 1000 })],
  ['milliseconds', () => getActiveSupplyZonesQuery({ asOf: t0 / 1000 })],
])('a number out of range is a RangeError that names %s', (named, build) => {
  expect(build).toThrow(RangeError)
  expect(build).toThrow(named)
})

test.each<[string, () => unknown]>([
  ['sessionStart', () => calculateCvdBarsQuery({ timeframe: '1m', sessionStart: '09:30' })],
  [
    'sessionStart',
    () => calculateVwapBarsQuery({ timeframe: '1m', reset: 5, sessionStart: '00:00' }),
  ],
  ['threshold', () => detectSpeedOfTapeQuery({ threshold: 1, factor: 2 })],
  ['threshold', () => detectSpeedOfTapeQuery({ threshold: 1, averageOf: 5 })],
])('options that do not go together are a TypeError that names %s', (named, build) => {
  expect(build).toThrow(TypeError)
  expect(build).toThrow(named)
})

test('every builder has its place in docs/analytics', () => {
  const folder = new URL('../../../docs/analytics/', import.meta.url)
  const pages = readdirSync(folder).map((page) => readFileSync(new URL(page, folder), 'utf8'))
  const named = Object.keys(everything).filter((name) => name.endsWith('Query'))
  expect(named.filter((name) => !pages.some((page) => page.includes(`\`${name}`)))).toEqual([])
})
