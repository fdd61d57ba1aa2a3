import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { root } from '../../scripts/run.ts'
import { oracleFile, oracleIsHere } from '../support/oracle.ts'

// The examples as a reader would run them; live-feed.ts needs an exchange, and is type-checked.
let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pairduck-examples-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function run(example: string, ...args: readonly string[]): Promise<string> {
  const script = join(root, 'examples', `${example}.ts`)
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', script, ...args],
    { cwd: root },
  )
  expect(stderr).toBe('')
  return stdout
}

it('store-and-ask: 10 + 15 + 20 bought and 5 + 3 sold; copies-for-readers: a copy of each pair', async () => {
  const stdout = await run('store-and-ask', join(folder, 'data'))
  expect(stdout).toMatch(/first .*inserted: 5/)
  expect(stdout).toMatch(/again .*duplicates: 5/)
  expect(stdout).toMatch(/CVD 37 .*bought ÷ sold 5\.625/)

  const copied = await run('copies-for-readers', join(folder, 'data'), join(folder, 'copies'))
  expect(copied).toMatch(/^example\/spot\/BTC\/USDT → .* bytes\n$/)
  expect(await readdir(join(folder, 'copies'))).toEqual(['example-spot-BTC-USDT.duckdb'])
})

it.skipIf(!oracleIsHere)('replay-without-look-ahead: every gap was known in time', async () => {
  const stdout = await run(
    'replay-without-look-ahead',
    oracleFile('trades', 'binance_spot_BTCUSDT_20240808.csv'),
  )
  expect(stdout).toMatch(/^9757 trades, 0 twice/)
  expect(stdout).toMatch(/there are [1-9]\d* gaps; 0 of them were not known in time\n$/)
})
