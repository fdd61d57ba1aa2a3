import { execFile, execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { ticksOfWindowQuery } from '../../../src/serve/analytics/ticks-of-window.ts'
import { served } from '../../support/http.ts'
import { shareManager, someTicks } from '../../support/store.ts'

const pair = 'binance/spot/BTCUSDT'
const from = Date.UTC(2026, 0, 2)
/** Debian has no package of pyarrow: one that is elsewhere is named by this. */
const python = process.env['PAIRDUCK_TEST_PYTHON'] ?? 'python3'
const store = shareManager({ retention: 'forever' }, (db) =>
  db.insertTicks(pair, [
    ...someTicks(20_000, { from, stepMs: 0.001 }),
    { timestamp: from + 1000, price: 0.1 + 0.2, volume: 3, side: 'SELL' },
  ]),
)

function hasArrow(): boolean {
  try {
    execFileSync(python, ['-c', 'import pyarrow, pandas'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** What a page of the documentation has Python do, for a server of the test's. */
async function recipeOf(file: string, url: string): Promise<string> {
  const text = await readFile(new URL(`../../../docs/${file}`, import.meta.url), 'utf8')
  const [, recipe] = /```py\n([\s\S]*?)```/.exec(text)!
  expect(recipe).toContain('http://127.0.0.1:8080')
  return recipe!.replace('http://127.0.0.1:8080', url)
}

const shown = `
import json
print(json.dumps({
  'types': {name: str(kind) for name, kind in frame.dtypes.items()},
  'micros': [int(each.value // 1000) for each in frame['timestamp']],
  'prices': frame['price'].tolist(),
  'volumes': frame['volume'].tolist(),
  'sides': frame['side'].tolist(),
  'ids': [each if isinstance(each, str) else None for each in frame['tradeId']],
}))
`

describe.skipIf(!hasArrow())('python with pyarrow and pandas', () => {
  it.each(['serve.md', 'recipes.md'])('reads every trade by what %s says', async (file) => {
    const db = store()
    const recipe = await recipeOf(file, await served(db))
    const maxBuffer = 2 ** 26
    const { stdout } = await promisify(execFile)(python, ['-c', recipe + shown], { maxBuffer })
    const ticks = await db.query(pair, ticksOfWindowQuery())
    expect(JSON.parse(stdout)).toEqual({
      types: {
        timestamp: expect.stringMatching(/^datetime64\[.s, UTC\]$/) as string,
        price: 'float64',
        volume: 'float64',
        side: 'category',
        tradeId: expect.any(String) as string,
      },
      micros: ticks.map(({ timestamp }) => Math.round(timestamp * 1000)),
      prices: ticks.map(({ price }) => price),
      volumes: ticks.map(({ volume }) => volume),
      sides: ticks.map(({ side }) => side),
      ids: ticks.map(({ tradeId }) => tradeId),
    })
  })
})
