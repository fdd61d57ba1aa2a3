import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect, it } from 'vitest'
import type { Tick } from '../../../src/index.ts'
import { openManager, temporaryFolder } from '../../support/store.ts'

const begin = Date.UTC(2026, 0, 5)
// More than a row group of Parquet has, four in each millisecond.
const count = 130_000
const ticks: readonly Tick[] = Array.from({ length: count }, (_, index) => ({
  timestamp: begin + Math.floor(index / 4),
  price: 100 + (index % 17),
  volume: 1 + (index % 5),
  side: index % 3 === 0 ? 'BUY' : 'SELL',
  tradeId: String(index + 1),
}))

it('the same ticks make the same bytes, however they came in', async () => {
  const archive = temporaryFolder()
  const db = await openManager({ archive, retention: 'forever', clock: () => begin + 2 * day })
  const calls = (size: (call: number) => number): Tick[][] => {
    const cut: Tick[][] = []
    for (let at = 0; at < count; at += cut.at(-1)!.length)
      cut.push(ticks.slice(at, at + size(cut.length)))
    return cut
  }
  const ways: Record<string, readonly Tick[][]> = {
    atOnce: [ticks.slice()],
    inManyCalls: calls((call) => 1 + ((call * 7919) % 9001)),
    // Two ticks of one millisecond have changed places.
    out: [ticks.toSpliced(50_000, 2, ticks[50_001]!, ticks[50_000]!)],
    // And half of them came an hour late.
    late: [
      ticks.filter((_, index) => index % 2 === 0),
      ticks.filter((_, index) => index % 2 === 1),
    ],
  }
  for (const [name, some] of Object.entries(ways)) {
    for (const call of some) await db.insertTicks(`x/spot/${name}`, call)
    await db.archivePair(`x/spot/${name}`, { olderThanMs: day })
  }
  const parts = readdirSync(join(archive, 'ticks'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.parquet'))
    .map((path) => ({
      name: basename(path),
      bytes: createHash('sha256')
        .update(readFileSync(join(archive, 'ticks', path)))
        .digest('hex'),
    }))
  expect(parts).toEqual(Object.keys(ways).map(() => parts[0]))
})

const day = 86_400_000
