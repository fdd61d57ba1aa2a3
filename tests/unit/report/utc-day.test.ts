import { afterEach, expect, test } from 'vitest'
import { lastUtcDays, utcDay } from '../../../src/mirror/report/utc-day.ts'

const zone = process.env['TZ']
afterEach(() => {
  if (zone === undefined) delete process.env['TZ']
  else process.env['TZ'] = zone
})

// 2025-03-09 and 2025-11-02 are the days of 23 and 25 hours in New York; Auckland is a day ahead.
test.each(['UTC', 'America/New_York', 'Pacific/Auckland', 'Asia/Kolkata'])(
  'a day is the same 24 hours of UTC on a machine in %s',
  (machine) => {
    process.env['TZ'] = machine
    for (const date of ['2025-03-09', '2025-11-02', '2025-12-31', '2024-02-29']) {
      const startMs = Date.parse(`${date}T00:00:00Z`)
      const day = { date, startMs, endMs: startMs + 86_400_000 }
      expect(utcDay(date)).toEqual(day)
      expect(utcDay(startMs)).toEqual(day)
      expect(utcDay(startMs + 86_399_999)).toEqual(day)
    }
    const days = lastUtcDays(3, Date.parse('2025-11-03T00:30:00Z'))
    expect(days.map(({ date }) => date)).toEqual(['2025-11-01', '2025-11-02', '2025-11-03'])
  },
)

test.each(['2025-02-29', '2025-1-1', 'today', '', Number.NaN])('%j is no day', (text) => {
  expect(() => utcDay(text)).toThrow(TypeError)
})
