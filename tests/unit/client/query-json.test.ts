import { expect, it } from 'vitest'
import { queryFromJson, queryToJson } from '../../../src/client/wire/query-json.ts'
import { getCandlesQuery, getRecentTicksQuery } from '../../../src/index.ts'
import { ofStranger, query } from '../../../src/queries/query.ts'

it.each([
  ['of the newest ticks', getRecentTicksQuery({ limit: 5 })],
  ['of a window, with a bigint', getRecentTicksQuery({ from: Date.UTC(2026, 0, 5) })],
  ['of bars', getCandlesQuery({ timeframe: '1m', limit: 2 })],
  ['with numbers that JSON has not', query('own', 'SELECT $a, $b', { a: -0, b: Infinity })],
  ['of a stranger', ofStranger(query('own', 'SELECT 1'))],
])('a query %s arrives as it was sent', (_name, asked) => {
  expect(queryFromJson(JSON.parse(JSON.stringify(queryToJson(asked))))).toEqual(asked)
})
