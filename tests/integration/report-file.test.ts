import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { dailyReport } from '../../src/mirror/report/daily-report.ts'
import { formatReport } from '../../src/mirror/report/report-document.ts'
import { writeDailyReport } from '../../src/mirror/report/write-daily-report.ts'

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'pairduck-report-'))
})
afterEach(() => rm(home, { recursive: true, force: true }))

const balances = [{ asset: 'BTC', free: '1.0', used: '0.00011' }]
const account = {
  listFills: async () => [],
  getBalances: async () => balances,
  listTickers: async () => [],
}

test('the file of the day appears whole in a folder made for it, and replaces an earlier one', async () => {
  const dir = join(home, 'reports', 'binance')
  const writtenAt = Date.parse('2025-11-30T12:45:29Z')
  const first = await writeDailyReport(
    dir,
    '2025-11-30',
    { ...account, getBalances: async () => [] },
    { writtenAt },
  )
  expect(first.file).toBe(join(dir, 'performance_20251130.json'))
  await writeDailyReport(dir, writtenAt, account, { writtenAt })
  expect(await readdir(dir)).toEqual(['performance_20251130.json'])
  const text = await readFile(first.file, 'utf8')
  expect(text).toBe(formatReport(dailyReport([], balances, '2025-11-30', { writtenAt })))
  expect(JSON.parse(text)).toMatchObject({
    date: '2025-11-30',
    time: '12:45:29',
    balances: { BTC: { free: 1, locked: 0.00011 } },
    total_trades: 0,
  })
})

test('a report that can not be written leaves the earlier one and nothing else', async () => {
  const blocked = join(home, 'file')
  await writeFile(blocked, 'kept')
  await expect(writeDailyReport(blocked, '2025-11-30', account)).rejects.toMatchObject({
    code: 'IO_FAILED',
    message: expect.stringMatching(/EEXIST|ENOTDIR/),
  })
  await expect(writeDailyReport(home, 'x', account)).rejects.toThrow(TypeError)
  expect(await readdir(home)).toEqual(['file'])
})
