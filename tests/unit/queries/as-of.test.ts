import { assert, asyncProperty, constantFrom, nat } from 'fast-check'
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
  calculateVolumeNodesQuery,
  calculateVwapBarsQuery,
  calculateVwapQuery,
  candlesFromTicksQuery,
  getCandlesQuery,
  getRecentTicksQuery,
  type Query,
} from '../../../src/queries/index.ts'
import { openTestDuck } from '../../support/test-duck.ts'
import { binSizeOf, epoch, randomTicks } from '../../support/ticks.ts'
import { propertyRuns } from '../../support/property-runs.ts'

const duck = await openTestDuck()

interface Given {
  readonly asOf: number
  readonly timeframe: '1m' | '5m'
  readonly binSize: number
}

const builders: readonly ((given: Given) => Query<object>)[] = [
  ({ asOf }) => calculateCvdQuery({ asOf }),
  ({ asOf }) => calculateOrderFlowImbalanceQuery({ asOf }),
  ({ asOf }) => calculateVwapQuery({ asOf }),
  ({ asOf }) => getRecentTicksQuery({ asOf }),
  ({ asOf, timeframe }) => calculateCvdBarsQuery({ asOf, timeframe, reset: 'session' }),
  ({ asOf, timeframe }) => calculateVwapBarsQuery({ asOf, timeframe, reset: 3 }),
  ({ asOf, timeframe }) => candlesFromTicksQuery({ asOf, timeframe, fill: 'previous' }),
  ({ asOf, timeframe }) => getCandlesQuery({ asOf, timeframe }),
  ({ asOf, binSize }) => calculateMarketProfileQuery({ asOf, binSize }),
  ({ asOf, binSize }) => calculateVolumeNodesQuery({ asOf, binSize }),
  ({ asOf, binSize }) => calculateTpoProfileQuery({ asOf, binSize }),
  (given) => calculateFootprintQuery(given),
  (given) => calculateDiagonalImbalanceQuery(given),
  (given) => calculateStackedImbalanceQuery({ ...given, minStack: 1 }),
  (given) => calculateNakedPocQuery({ ...given, includeFilled: true }),
]

test('the answer as of a time is the answer with everything from that time on deleted', async () => {
  await assert(
    asyncProperty(
      randomTicks(),
      nat(90 * 60_000),
      constantFrom('1m', '5m'),
      async (ticks, until, timeframe) => {
        await duck.clear()
        await duck.insertTicks(ticks)
        const given = { asOf: epoch + until, timeframe, binSize: binSizeOf(ticks) }
        const before = await answers(given)
        await duck.deleteTicksFrom(given.asOf)
        expect(await answers(given)).toEqual(before)
      },
    ),
    { numRuns: propertyRuns(5) },
  )
})

async function answers(given: Given): Promise<object[][]> {
  const rows: object[][] = []
  for (const build of builders) rows.push(await duck.query(build(given)))
  return rows
}
