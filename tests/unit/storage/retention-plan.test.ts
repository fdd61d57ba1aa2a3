import { describe, expect, it } from 'vitest'
import { defaultRetention, resolveRetention } from '../../../src/schema/retention-policy.ts'
import { type PairState } from '../../../src/storage/file/state-file.ts'
import { nothingToDelete } from '../../../src/storage/upkeep/retention-plan.ts'
import { planRetention } from '../../../src/storage/upkeep/retention-plan.ts'

const minute = 60_000
const hour = 60 * minute
const now = Date.UTC(2026, 0, 5, 12)

/** `before` of each relation in minutes before now; undefined where age takes none. */
function agesOf(plan: ReturnType<typeof planRetention>): Record<string, number | undefined> {
  return Object.fromEntries(
    plan.map(({ relation, before }) => [
      relation,
      before === undefined ? undefined : (now - before) / minute,
    ]),
  )
}

const state = (relations: PairState['relations']): PairState => ({
  schemaVersion: 1,
  clean: true,
  deletedBefore: null,
  relations,
})
const rows = (count: number, oldest: number | null, ended = 0): object => ({
  rows: count,
  oldest,
  newest: oldest,
  ended,
})

const idle = (relations: object): boolean =>
  nothingToDelete(state(relations), planRetention(defaultRetention, ['1m'], now))

describe('the plan of a cleanup', () => {
  it('is the table of the default retention', () => {
    expect(agesOf(planRetention(defaultRetention, ['1m', '5m', '15m'], now))).toEqual({
      ticks: 15,
      candles_1m: 15,
      candles_5m: 60,
      candles_15m: 60,
      order_flow: 15,
      market_profile: 15,
      fair_value_gaps: 24 * 60,
      supply_demand_zones: undefined,
    })
  })

  it('speaks only of the candles that the file keeps', () => {
    const relations = planRetention(defaultRetention, ['1d'], now).map(({ relation }) => relation)
    expect(relations.filter((relation) => relation.startsWith('candles'))).toEqual(['candles_1d'])
  })

  it('leaves what is kept forever', () => {
    const policy = resolveRetention({ ticks: 'forever', fair_value_gaps: 'forever' })
    const plan = planRetention(policy, [], now)
    expect(plan.map(({ relation }) => relation)).not.toContain('ticks')
    // Filled gaps go even then.
    expect(plan.find(({ relation }) => relation === 'fair_value_gaps')).toEqual({
      relation: 'fair_value_gaps',
      where: 'filled_at IS NOT NULL',
      visitedAt: now,
    })
  })

  it('waits with `dueOnly` until a mark would move by `everyMs`', () => {
    const marks = { ticks: now - 19 * minute, candles_1m: now - 29 * minute }
    const due = (at: number): string[] =>
      planRetention(defaultRetention, ['1m'], at, { marks, dueOnly: true })
        .map(({ relation }) => relation)
        .filter((relation) => relation === 'ticks' || relation === 'candles_1m')
    // Ticks: 15 min kept, every 5 min; the mark stands 19 minutes back, so it has moved by 4.
    expect(due(now)).toEqual([])
    expect(due(now + minute - 1)).toEqual([])
    // One minute later both are due: ticks by 5 minutes, candles by 15.
    expect(due(now + minute)).toEqual(['candles_1m', 'ticks'])
    // A clock that went back has nothing due.
    expect(due(now - hour)).toEqual([])
  })

  it('visits zones and gaps with `dueOnly` as often as their `everyMs` says', () => {
    const policy = resolveRetention({ fair_value_gaps: { everyMs: hour } })
    const visited = (relation: string, at: number): boolean =>
      planRetention(policy, [], at, {
        marks: { 'fair_value_gaps:visited': now, 'supply_demand_zones:visited': now },
        dueOnly: true,
      }).some((deletion) => deletion.relation === relation)
    expect(visited('fair_value_gaps', now + hour - 1)).toBe(false)
    expect(visited('fair_value_gaps', now + hour)).toBe(true)
    expect(visited('supply_demand_zones', now + 5 * minute - 1)).toBe(false)
    expect(visited('supply_demand_zones', now + 5 * minute)).toBe(true)
    // A visit by a clock that stood far ahead does not keep the next one away.
    expect(visited('fair_value_gaps', now - hour)).toBe(true)
  })

  it('is all of it without `dueOnly`, whatever the marks', () => {
    expect(planRetention(defaultRetention, ['1m'], now, { marks: { ticks: now } })).toEqual(
      planRetention(defaultRetention, ['1m'], now),
    )
  })
})

describe('a retention policy', () => {
  it('takes a rule, a time, or `forever`', () => {
    const policy = resolveRetention({
      ticks: hour,
      order_flow: 'forever',
      supply_demand_zones: { maxRows: 5 },
      candles_1m: { everyMs: minute },
    })
    expect(policy.ticks).toEqual({ keepMs: hour, everyMs: 5 * minute })
    expect(policy.order_flow.keepMs).toBe('forever')
    expect(policy.supply_demand_zones).toEqual({
      keepMs: 'forever',
      everyMs: 5 * minute,
      maxRows: 5,
    })
    expect(policy.candles_1m).toEqual({ keepMs: 15 * minute, everyMs: minute })
    expect(policy.market_profile).toEqual(defaultRetention.market_profile)
  })

  it.each([
    [{ tick: 5 }, /unknown table `tick`/],
    [{ constructor: 5 }, /unknown table `constructor`/],
    [{ ticks: -1 }, /keepMs/],
    [{ ticks: Number.NaN }, /keepMs/],
    [{ ticks: 'always' }, /keepMs/],
    [{ ticks: { keepMS: 5 } }, /did you mean `keepMs`/],
    [{ ticks: { everyMs: 0 } }, /everyMs/],
    [{ ticks: { maxRows: 5 } }, /unknown option `maxRows`/],
    [{ supply_demand_zones: { maxRows: Number.NaN } }, /maxRows/],
  ])('refuses %o', (options, reason) => {
    expect(() => resolveRetention(options as never)).toThrow(reason)
  })
})

describe('a closed file', () => {
  it('needs no cleanup while nothing in it is too old or ended', () => {
    expect(idle({})).toBe(true)
    expect(idle({ ticks: rows(5, now - 15 * minute) })).toBe(true)
    expect(idle({ ticks: rows(5, now - 15 * minute - 1) })).toBe(false)
    expect(idle({ candles_1m: rows(5, now - hour) })).toBe(false)
    expect(idle({ supply_demand_zones: rows(50, 0) })).toBe(true)
    expect(idle({ supply_demand_zones: rows(51, 0) })).toBe(false)
    expect(idle({ supply_demand_zones: rows(2, 0, 1) })).toBe(false)
    expect(idle({ fair_value_gaps: rows(2, now - 23 * hour) })).toBe(true)
    expect(idle({ fair_value_gaps: rows(2, now - 25 * hour) })).toBe(false)
    expect(idle({ fair_value_gaps: rows(2, now - 1, 1) })).toBe(false)
  })

  it('is looked into when it was measured by a version that did not count what has ended', () => {
    expect(idle({ fair_value_gaps: { rows: 1, oldest: now, newest: now } })).toBe(false)
    expect(idle({ ticks: { rows: 1, oldest: now, newest: now } })).toBe(false)
  })
})
