import { expect, it } from 'vitest'
import { served } from '../../support/http.ts'
import { expectRefused } from '../../support/refused-statements.ts'
import { openManager, someTicks } from '../../support/store.ts'

const sqlPath = '/api/v1/pairs/x/spot/A/sql'
const list = '(SELECT list(i) AS l, list(-i) AS m FROM range(10000) t(i))'

function within(times: number, around: (inner: string) => string, innermost: string): string {
  return Array.from({ length: times }).reduce<string>((inner) => around(inner), innermost)
}

function columns(count: number, value: string): string {
  return Array.from({ length: count }, (_, at) => `${value} AS c${at}`).join(', ')
}

function stacked(times: number, expression: string): string {
  const inner = within(
    times,
    (from) => `SELECT ${expression} AS s FROM (${from})`,
    'SELECT trade_id AS s FROM ticks',
  )
  return `SELECT max(strlen(s)) AS n FROM (${inner})`
}

/** Of each of these the engine planned without end, or one step took gigabytes. */
const refused: readonly (readonly [string, RegExp])[] = [
  ...[
    (s: string) => `array_to_string([${s}], ',')`,
    (s: string) => `split_part(${s}, ',', 1)`,
    (s: string) => `nullif(${s}, 'a')`,
    (s: string) => `regexp_extract(${s}, '1')`,
    (s: string) => `(${s} LIKE '%_')::VARCHAR`,
  ].map((call) => [`SELECT ${within(20, call, 'trade_id')} AS n FROM ticks`, /terms/] as const),
  [`SELECT ${within(12, (x) => `round_even(${x}, 1)`, 'price')} AS n FROM ticks`, /terms/],
  [
    `SELECT nullif(price, 1) AS a0, ${Array.from({ length: 20 }, (_, at) => `nullif(a${at}, 1) AS a${at + 1}`).join(', ')} FROM ticks`,
    /terms/,
  ],
  [
    `SELECT 1 AS n FROM ticks JOIN ticks AS t ON ${within(20, (x) => `nullif(${x}, 1)`, 't.price')} = 2`,
    /terms/,
  ],
  [stacked(12, `{'a': s}::JSON::VARCHAR`), /casts of others/],
  [stacked(25, '[s]::VARCHAR'), /casts of others/],
  [stacked(8, 'encode(s)::BIT::VARCHAR'), /casts of others/],
  [
    `SELECT ${within(8, (s) => `(${s})::BLOB::BIT::VARCHAR`, 'trade_id')} AS n FROM ticks`,
    /casts of others/,
  ],
  [
    `WITH RECURSIVE r(s, i) AS (SELECT '"', 1 UNION ALL SELECT {'a': s}::VARCHAR, i + 1 FROM r WHERE i < 30) SELECT count(*) AS n FROM r`,
    /cast/,
  ],
  [
    `SELECT max(json_pretty(repeat('[', 499) || repeat(']', 499))) AS n FROM range(100000)`,
    /joins/,
  ],
  [`SELECT list_transform(l, lambda v: l) AS n FROM ${list}`, /within a lambda/],
  [`SELECT len([{'a': l} FOR v IN l]) AS n FROM ${list}`, /within a lambda/],
  [`SELECT list_filter(l, lambda v: l = m) AS n FROM ${list}`, /within a lambda/],
  [`SELECT list_filter(l, lambda v: greatest(l, m) IS NULL) AS n FROM ${list}`, /within a lambda/],
  [
    `SELECT list_transform(l, lambda v: CASE WHEN v > 1 THEN l END) AS n FROM ${list}`,
    /within a lambda/,
  ],
  [`SELECT list_transform(l, lambda x: x.l) AS n FROM ${list} AS x`, /within a lambda/],
  [
    `SELECT list_transform([l], lambda x: list_transform(x, lambda y: x)) AS n FROM ${list}`,
    /within a lambda/,
  ],
  [
    `SELECT list_transform(l, lambda x: list_transform(l, lambda y: y)) AS n FROM ${list}`,
    /for that value itself/,
  ],
  [
    `SELECT list_reduce(l, lambda a, b: list_transform(a, lambda y: y)) AS n FROM ${list}`,
    /for that value itself/,
  ],
  [`SELECT list_transform(m, lambda "L": l) AS n FROM ${list}`, /within a lambda/],
  [`SELECT list_transform(m, lambda x: COLUMNS('l')) AS n FROM ${list}`, /within a lambda/],
  [
    `SELECT list_transform(m, lambda x: x.l) AS n FROM (SELECT m, {'l': l} AS x FROM ${list})`,
    /within a lambda/,
  ],
  [
    `SELECT list_transform([l], lambda x: list_transform(list_filter(l, lambda y: y > 1), lambda z: z)) AS n FROM ${list}`,
    /for that value itself/,
  ],
  [
    `SELECT len(flatten([${Array.from({ length: 16 }, () => 'l').join(', ')}])) AS n FROM ${list}, range(2000)`,
    /hold more/,
  ],
  [
    `SELECT len(${within(10, (x) => `list_reverse(list_sort(${x}))`, 'l')}) AS n FROM ${list}, range(2000)`,
    /collected/,
  ],
  ["SELECT * FROM (PIVOT ticks ON side IN ('BUY') USING list(price)) AS p", /FILTER/],
  [`PIVOT ticks ON side IN ('BUY') USING len(list(price)) ORDER BY ALL`, /FILTER/],
  [`SELECT 1 AS n FROM ticks WHERE trade_id LIKE '%' || side || '%'`, /`contains\(x, y\)`/],
  [`SELECT 1 AS n FROM ticks WHERE trade_id ILIKE '%a%b%'`, /`lower\(x\) LIKE/],
  [
    'SELECT sum(price) OVER (ORDER BY price ROWS (SELECT max(price) FROM ticks) PRECEDING) AS n FROM ticks',
    /ROWS 10 PRECEDING/,
  ],
]

/** What was refused, or failed, and takes no more than the rows that it is asked of. */
const taken: readonly (readonly [string, unknown])[] = [
  [
    `PIVOT (SELECT side, price FROM ticks) ON side IN ('BUY', 'SELL') USING list(price)`,
    { BUY: [100, 102], SELL: [101] },
  ],
  [`PIVOT ticks ON side IN ('SELL') USING len(list(price)), list(trade_id)`, undefined],
  [`SELECT COLUMNS(c -> c LIKE 'pri%') FROM ticks LIMIT 1`, { price: 100 }],
  [`SELECT COLUMNS(lambda c: c NOT LIKE '%i%') FROM ticks LIMIT 1`, undefined],
  [
    'SELECT list_transform([[1, 2], [3]], lambda x: list_transform(x, lambda y: y + 1)) AS n',
    { n: [[2, 3], [4]] },
  ],
  ['SELECT [[y * 2 FOR y IN x IF y > 1] FOR x IN [[1, 2], [3]]] AS n', { n: [[4], [6]] }],
  [
    'SELECT list_filter([{p: 1}, {p: 2}], lambda b: b.p > price - 99)[1].p AS n FROM ticks LIMIT 1',
    { n: 2 },
  ],
  [
    `SELECT [x['p'] FOR x IN [{p: 1}]] || [struct_extract(x, 'p') FOR x IN [{p: 2}]] AS n`,
    { n: [1, 2] },
  ],
  ['SELECT [x FOR x IN [1, 100] IF x IN (price, 7)] AS n FROM ticks LIMIT 1', { n: [100] }],
  ['SELECT list_transform([1], lambda x: x * price) AS n FROM ticks LIMIT 1', { n: [100] }],
  [`SELECT list_filter(['1', 'x'], lambda x: x = trade_id) AS n FROM ticks LIMIT 1`, { n: ['1'] }],
  [
    'SELECT sum(price) OVER (ORDER BY price ROWS (SELECT 1) PRECEDING) AS n FROM ticks ORDER BY n LIMIT 1',
    { n: 100 },
  ],
  [
    `SELECT nullif(nullif(split_part(trade_id, ',', 1), 'a'), 'b') AS n FROM ticks LIMIT 1`,
    { n: '1' },
  ],
  [
    `SELECT (price::VARCHAR || '/' || side::VARCHAR)::VARCHAR AS n FROM ticks LIMIT 1`,
    { n: '100.0/BUY' },
  ],
  ['SELECT len(list_sort(list(price))::VARCHAR) AS n FROM ticks', undefined],
]

it('values that grow in a step of the engine are refused, with what to write instead', async () => {
  const ask = await expectRefused(refused)
  for (const [text, row] of taken) {
    const { status, told } = await ask(text)
    expect([text, status, told]).toMatchObject([text, 200, row === undefined ? {} : [row]])
  }
})

it('rows that hold more values than can be told at once are refused', async () => {
  const db = await openManager()
  await db.insertTicks('x/spot/A', someTicks(3))
  const url = (await served(db)) + sqlPath
  const bodies = [
    'l',
    'l::INT[9000]',
    `{'a': [l]}`,
    'map(l, l)',
    'map([1], [l])',
    'union_value(a := l)',
  ].map(
    (value) => `SELECT ${value} AS v FROM (SELECT list(i) AS l FROM range(9000) t(i)), range(300)`,
  )
  bodies.push(
    `SELECT ${columns(20, `repeat('x', 1000)`)} FROM range(3000)`,
    `SELECT {${columns(20, '').replaceAll(/ AS (c\d+)/g, `'$1': repeat('x', 1000)`)}} FROM range(3000)`,
    `SELECT ${columns(1200, 'range')} FROM range(3000)`,
    `SELECT 1 AS "${'n'.repeat(17_000)}" FROM range(3000)`,
  )
  for (const body of bodies) {
    const answer = await fetch(url, { method: 'POST', body })
    expect([body.slice(0, 200), answer.status, await answer.text()]).toEqual([
      body.slice(0, 200),
      403,
      expect.stringMatching(/LIMIT/),
    ])
  }
  const few = 'SELECT l AS v FROM (SELECT list(i) AS l FROM range(9000) t(i)), range(100)'
  expect((await fetch(url, { method: 'POST', body: few })).status).toBe(200)
})
