import {
  array,
  assert,
  asyncProperty,
  boolean,
  constant,
  constantFrom,
  integer,
  nat,
  oneof,
  option,
  record,
} from 'fast-check'
import { describe, expect, it } from 'vitest'
import { exchangeRule } from '../../../src/record/exchange-rule.ts'
import { holeBetween } from '../../../src/record/hole.ts'
import { fetchHoles } from '../../../src/record/hole-fetch.ts'
import type { Gap } from '../../../src/schema/gaps.ts'
import { makeRandom } from '../../../src/simulator/random.ts'
import {
  pagedHistory,
  type ListedTrade,
  type Paging,
} from '../../support/exchange/paged-history.ts'
import { propertyRuns } from '../../support/property-runs.ts'

const start = Date.UTC(2026, 0, 5) * 1000

/** What happened: who heard it, whether the exchange still has it, and what its clock did. */
interface Happened {
  readonly passMicros: number
  readonly clock: number | null
  readonly isHeard: boolean
  readonly isKept: boolean
}

const happened = record<Happened>({
  passMicros: oneof(constantFrom(0, 1), integer({ min: 0, max: 400_000 })),
  clock: option(integer({ min: -20_000, max: 20_000 }), { freq: 12 }),
  isHeard: boolean(),
  isKept: oneof({ weight: 9, arbitrary: constant(true) }, boolean()),
})

function listed(events: readonly Happened[]): ListedTrade[] {
  let [micros, errorMs] = [start, 0]
  const taken = new Set<number>()
  return events.map(({ passMicros, clock }, index) => {
    micros += passMicros
    errorMs = clock ?? errorMs
    let told = micros + errorMs * 1000
    // Kraken tells its trades' times apart.
    while (taken.has(told)) told++
    taken.add(told)
    return { id: 1000 + index, micros: told }
  })
}

/** The most trades that a clock which went back can put before another one; a page has to take more. */
function mostHidden(trades: readonly ListedTrade[]): number {
  const hidden = trades.map(
    (trade, at) => trades.slice(0, at).filter(({ micros }) => micros >= trade.micros).length,
  )
  return Math.max(...hidden)
}

const ended = ({ id, micros }: ListedTrade) => ({ id: String(id), timestamp: micros / 1000 })

/** The holes of whoever heard a part of it; both ends of each were heard. */
function holesOf(trades: readonly ListedTrade[], events: readonly Happened[]): Gap[] {
  const heard = trades.filter(
    (_, at) => at === 0 || at === events.length - 1 || events[at]!.isHeard,
  )
  return heard.slice(1).flatMap((after, at) => {
    const before = heard[at]!
    if (after.id === before.id + 1) return []
    return [holeBetween(ended(before), ended(after), 'open', 'not received')]
  })
}

function idsBetween(gaps: readonly Gap[]): number[] {
  return gaps.flatMap(({ fromId, toId }) =>
    Array.from({ length: Number(toId) - Number(fromId) - 1 }, (_, at) => Number(fromId) + 1 + at),
  )
}

/** Fills holes until none is open or so many tries are over. */
async function filled(trades: readonly ListedTrade[], holes: readonly Gap[], paging: Paging) {
  const pageTrades = paging.pageTrades
  const rule = { ...exchangeRule('kraken'), pageTrades }
  const history = { exchange: pagedHistory(trades, paging), symbol: 'BTC/USD', rule }
  const stored = new Set<number>()
  const unfillable: Gap[] = []
  let open = [...holes]
  for (let tries = 0; tries < 60 && open.length > 0; tries++) {
    const rows = await fetchHoles(history, open, (page) => {
      for (const { id } of page) stored.add(Number(id))
      return Promise.resolve()
    })
    unfillable.push(...rows.filter(({ state }) => state === 'unfillable'))
    open = rows.filter(({ state }) => state === 'open')
  }
  return { stored: [...stored].sort((a, b) => a - b), unfillable: idsBetween(unfillable), open }
}

const happens = (clock: number | null, isKept = true): Happened => ({
  passMicros: 0,
  clock,
  isHeard: false,
  isKept,
})
/** Its last trade is told fifteen seconds late, so that no page that tells of the missing one goes as far. */
const endOutOfReach = [
  happens(null),
  happens(null),
  happens(-397),
  happens(null, false),
  happens(15_202),
  happens(0),
  happens(null),
  happens(15_201, false),
]

describe('fetchHoles', () => {
  it('leaves out no trade that the exchange still has, whatever its clock did', async () => {
    await assert(
      asyncProperty(
        array(happened, { minLength: 3, maxLength: 120, size: 'max' }),
        record({
          order: constantFrom<Paging['order']>('id', 'time'),
          room: integer({ min: 1, max: 20 }),
          seed: nat(),
        }),
        async (events, { order, room, seed }) => {
          const all = listed(events)
          const holes = holesOf(all, events)
          const last = events.length - 1
          const kept = all.filter((_, at) => at === 0 || at === last || events[at]!.isKept)
          const pageTrades = mostHidden(all) + room
          const random = makeRandom(String(seed))
          let pages = 0
          // Short pages at first: what is not known then stays open.
          const isShort = (): boolean => random.next() < 0.3 && pages++ < 100
          const nextSize = (): number => (isShort() ? 1 + (pages % 5) : pageTrades)
          const given = await filled(kept, holes, { order, pageTrades, nextSize })
          const has = new Set(kept.map(({ id }) => id))
          const wanted = idsBetween(holes)
          expect(given.stored).toEqual(wanted.filter((id) => has.has(id)))
          const lacking = wanted.filter((id) => !has.has(id))
          // In the order of time the end of the list cannot prove that an id is not before it.
          expect(order === 'id' ? given.open : []).toEqual([])
          const said = [...given.unfillable, ...idsBetween(given.open)].sort((a, b) => a - b)
          expect(said.filter((id) => !has.has(id))).toEqual(lacking)
          expect(given.unfillable.filter((id) => has.has(id))).toEqual([])
        },
      ),
      {
        numRuns: propertyRuns(150),
        endOnFailure: true,
        examples: [[endOutOfReach, { order: 'id', room: 1, seed: 592_137_477 }]],
      },
    )
  })
})
