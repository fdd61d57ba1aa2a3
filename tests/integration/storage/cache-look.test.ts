import { expect, it } from 'vitest'
import { cachedBytes } from '../../../src/storage/duckdb/block-cache.ts'
import { Engine } from '../../../src/storage/duckdb/engine.ts'

it('an engine that is closed while it is asked what it keeps does not end the process', async () => {
  for (let round = 0; round < 40; round++) {
    const engine = await Engine.start()
    const looks = Array.from({ length: 1 + (round % 4) }, () => cachedBytes())
    if (round % 3 === 1) await looks[0]
    looks.push(cachedBytes())
    engine.stop()
    for (const bytes of await Promise.all(looks)) expect(bytes).toBeGreaterThanOrEqual(0)
  }
})
