import { analytics, rulesOfAnalytic } from '../../src/serve/analytics/analytics.ts'
import type { Query } from '../../src/queries/query.ts'

/** Every builder that reads ticks or candles, with those of the options that it takes. */
export function everyAnalytic(options: object): Query<object>[] {
  return Object.entries(analytics)
    .filter(([name]) => !/^(?:unfilled|active)-/.test(name))
    .map(([name, [build]]) => {
      const rules = rulesOfAnalytic(name)
      const taken = Object.entries(options).filter(([option]) => Object.hasOwn(rules, option))
      return build(Object.fromEntries(taken) as never) as Query<object>
    })
}

/** Whether two answers are the same, numbers to 1e-9 of their size: sums depend on their order. */
export function sameAnswer(one: unknown, other: unknown): boolean {
  if (typeof one === 'number' && typeof other === 'number')
    return (
      Object.is(one, other) ||
      one === other ||
      Math.abs(one - other) <= 1e-9 * Math.max(1, Math.abs(one), Math.abs(other))
    )
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null)
    return one === other
  const names = Object.keys(one)
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => sameAnswer(Reflect.get(one, name), Reflect.get(other, name)))
  )
}
