import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { DatabaseManager, getRecentTicksQuery } from '../../src/index.ts'

const pair = 'test/spot/BTCUSDT'
const firstMs = Date.UTC(2026, 0, 5)
let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pairduck-import-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

it('imports a file that is larger than the bounds on waiting ticks, beside a live feed', async () => {
  const rows = 20_000
  const file = join(folder, 'trades.csv')
  const lines = Array.from(
    { length: rows },
    (_, i) => `${firstMs + i},${100 + (i % 7)},1,BUY,${i + 1}`,
  )
  await writeFile(file, ['timestamp,price,volume,side,tradeId', ...lines].join('\n'))
  const db = await DatabaseManager.open({
    dataDir: join(folder, 'data'),
    maxPendingTicks: 100,
    maxPendingTicksTotal: 100,
  })
  try {
    const importing = db.importTicks(pair, file, { timeUnit: 'ms', batchRows: 4096 })
    const live: number[] = []
    for (let i = 0; i < 50; i++) {
      const tick = { timestamp: firstMs + 60_000 + i, price: 1, volume: 1, side: 'SELL' as const }
      live.push((await db.insertTicks(pair, [{ ...tick, tradeId: `live-${i}` }])).inserted)
    }
    expect(await importing).toMatchObject({ inserted: rows, duplicates: 0, rejected: 0 })
    expect(live).toEqual(live.map(() => 1))
    expect(await db.query(pair, getRecentTicksQuery({ limit: 100_000 }))).toHaveLength(rows + 50)
    expect(db.stats().pendingTicks).toBe(0)
  } finally {
    await db.close()
  }
})
