import { array, assert, asyncProperty, constantFrom, nat, record } from 'fast-check'
import { expect, test } from 'vitest'
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
  calculateTradeSizeBucketsQuery,
  calculateVolumeNodesQuery,
  calculateVwapBarsQuery,
  calculateVwapQuery,
  candlesFromTicksQuery,
  detectFvgQuery,
  detectLargeTradesQuery,
  detectSpeedOfTapeQuery,
  detectUnfinishedAuctionsQuery,
  detectZonesQuery,
  type Coverage,
  type Query,
} from '../../../src/queries/index.ts'
import { gapStates, type GapState } from '../../../src/schema/gaps.ts'
import { microsFromMs } from '../../../src/time.ts'
import { openTestDuck } from '../../support/test-duck.ts'
import { binSizeOf, epoch, randomTicks } from '../../support/ticks.ts'

const duck = await openTestDuck()
const minute = 60_000
const day = 1440 * minute

interface Hole {
  readonly from: number
  readonly to: number | null
  readonly state: GapState
}

interface Asked {
  readonly from?: number
  readonly to: number
  readonly asOf: number
}

type Span = readonly [begin: number, end: number]
type Case = readonly [
  build: (asked: Asked, binSize: number) => Query<Coverage & { timestamp?: number | null }>,
  span: (asked: Required<Asked>, timestamp: number) => Span,
]

const ofWindow: Case[1] = ({ from, to, asOf }) => [from, Math.min(to, asOf)]
const toAsOf: Case[1] = ({ from, asOf }) => [from, asOf]
const ofBar: Case[1] = (_, bar) => [bar, bar + minute]
const timeframe = '1m'

/** Every builder whose rows carry `complete`, and the time that a row is made of. */
const cases: readonly Case[] = [
  [(asked) => calculateCvdQuery(asked), ofWindow],
  [(asked) => calculateOrderFlowImbalanceQuery(asked), ofWindow],
  [(asked) => calculateVwapQuery(asked), ofWindow],
  [(asked, binSize) => calculateMarketProfileQuery({ ...asked, binSize }), ofWindow],
  [(asked, binSize) => calculateVolumeNodesQuery({ ...asked, binSize }), ofWindow],
  [(asked) => detectLargeTradesQuery({ ...asked, quantile: 0.5 }), ofWindow],
  [(asked) => calculateTradeSizeBucketsQuery(asked), ofWindow],
  [(asked) => calculateTradeSizeBucketsQuery({ ...asked, timeframe }), ofWindow],
  [(asked) => calculateTradeSizeBucketsQuery({ ...asked, timeframe, bounds: [1] }), ofBar],
  [(asked) => detectFvgQuery({ ...asked, timeframe }), toAsOf],
  [(asked) => detectZonesQuery({ ...asked, timeframe }), toAsOf],
  [(asked, binSize) => calculateNakedPocQuery({ ...asked, timeframe, binSize }), toAsOf],
  [(asked, binSize) => detectUnfinishedAuctionsQuery({ ...asked, timeframe, binSize }), toAsOf],
  [(asked, binSize) => calculateFootprintQuery({ ...asked, timeframe, binSize }), ofBar],
  [(asked) => candlesFromTicksQuery({ ...asked, timeframe }), ofBar],
  [(asked, binSize) => calculateDiagonalImbalanceQuery({ ...asked, timeframe, binSize }), ofBar],
  [
    (asked, binSize) =>
      calculateStackedImbalanceQuery({ ...asked, timeframe, binSize, minStack: 1 }),
    ofBar,
  ],
  [
    (asked) => calculateCvdBarsQuery({ ...asked, timeframe }),
    ({ from }, bar) => [from, bar + minute],
  ],
  [
    (asked) => calculateVwapBarsQuery({ ...asked, timeframe, reset: 5 }),
    (_, bar) => [Math.floor(bar / (5 * minute)) * 5 * minute, bar + minute],
  ],
  [
    (asked, binSize) => calculateTpoProfileQuery({ ...asked, binSize }),
    ({ to, asOf }, session) => [session, Math.min(session + day, to, asOf)],
  ],
  [
    (asked) => detectSpeedOfTapeQuery({ ...asked, seconds: 3 }),
    (_, second) => [second - 2000, second + 1000],
  ],
]

async function note(holes: readonly Hole[]): Promise<void> {
  for (const { from, to, state } of holes)
    await duck.run(`INSERT INTO gaps (from_time, to_time, state) VALUES (
      make_timestamp(${microsFromMs(from)}), ${to === null ? 'NULL' : `make_timestamp(${microsFromMs(to)})`}, '${state}')`)
}

/** The trade before a hole may share its time with a missing one, and so may the one after it. */
function isComplete([begin, end]: Span, holes: readonly Hole[]): boolean {
  return !holes.some(
    ({ from, to, state }) => state !== 'filled' && from < end && (to ?? Infinity) >= begin,
  )
}

const randomHoles = array(
  record({ at: nat(90 * 60), length: nat(600), state: constantFrom(...gapStates), ends: nat(9) }),
  { maxLength: 3 },
).map((holes) =>
  holes.map(({ at, length, state, ends }): Hole => {
    const from = epoch + at * 1000
    return { from, to: ends === 0 ? null : from + length * 1000, state }
  }),
)

test('a row says whether a hole of the ledger reaches into what it is made of', async () => {
  const seen = new Set<string>()
  await assert(
    asyncProperty(randomTicks(), randomHoles, nat(60), nat(90), async (ticks, holes, from, to) => {
      await duck.clear()
      await duck.insertTicks(ticks)
      await note(holes)
      const window = { to: epoch + (from + to) * minute, asOf: epoch + 80 * minute }
      const asked = from === 0 ? window : { ...window, from: epoch + from * minute }
      for (const [index, [build, span]] of cases.entries())
        for (const { timestamp, complete } of await duck.query(build(asked, binSizeOf(ticks)))) {
          const made = span({ from: -Infinity, ...asked }, timestamp ?? Number.NaN)
          expect([index, complete]).toEqual([index, isComplete(made, holes)])
          seen.add(`${index} ${complete}`)
        }
    }),
    // One seed, under which every builder says both.
    { numRuns: 8, seed: 1 },
  )
  expect(seen.size).toBe(2 * cases.length)
})

test('all that is stored begins behind what retention deleted', async () => {
  await duck.insertTicks([{ timestamp: epoch, price: 1, volume: 1, side: 'BUY' }])
  await note([{ from: epoch - 9000, to: epoch - 8000, state: 'unfillable' }])
  const said = async (): Promise<unknown[]> => [
    ...(await duck.query(calculateCvdQuery())).map(({ complete }) => complete),
    ...(await duck.query(calculateCvdBarsQuery({ timeframe }))).map(({ complete }) => complete),
  ]
  expect(await said()).toEqual([false, false])
  await duck.deleteTicksBefore(epoch - 5000)
  expect(await said()).toEqual([true, true])
  expect(await duck.query(calculateCvdQuery({ from: epoch - 9500 }))).toMatchObject([
    { complete: false, truncated: true },
  ])
})
