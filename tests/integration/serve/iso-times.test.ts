import { expect, it, onTestFinished } from 'vitest'
import { json, served } from '../../support/http.ts'
import { openManager, someTicks } from '../../support/store.ts'

it('times in ISO 8601 without a zone are UTC, wherever the server is; days that there are not are refused', async () => {
  const zone = process.env['TZ']
  process.env['TZ'] = 'America/New_York'
  onTestFinished(() => {
    if (zone === undefined) delete process.env['TZ']
    else process.env['TZ'] = zone
  })
  const from = Date.UTC(2026, 9, 1)
  const db = await openManager({ clock: () => from + 86_400_000 })
  await db.insertTicks('x/spot/A', someTicks(24, { from, stepMs: 3_600_000 }))
  const url = `${await served(db)}/api/v1/pairs/x/spot/A/ticks`
  for (const [text, hour] of [
    ['2026-10-01', 0],
    ['2026-10-01T02:00:00', 2],
    ['2026-10-01 02:00', 2],
    ['2026-10-01T02:00:00Z', 2],
    ['2026-10-01T02:00:00-04:00', 6],
    ['2026-10-01T02:00:00.000001', 3],
  ] as const) {
    const [first] = await json<{ timestamp: number }[]>(`${url}?from=${encodeURIComponent(text)}`)
    expect([text, first!.timestamp - from]).toEqual([text, hour * 3_600_000])
  }
  for (const text of ['2026-02-30', '2026-02-30T00:00:00Z', '2026-10-01T25:00', '2026-10-01x'])
    expect([text, (await fetch(`${url}?from=${text}`)).status]).toEqual([text, 400])
})
