import { access, mkdir, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { DatabaseManager, type Tick } from '../../../src/index.ts'
import { parsePair } from '../../../src/pair.ts'
import { pairFiles } from '../../../src/storage/file/pair-files.ts'
import { sealed, type SealedState } from '../../../src/storage/file/sealed-state.ts'
import { readState, writeState } from '../../../src/storage/file/state-file.ts'
import { cliRun } from '../../support/cli-run.ts'
import { temporaryFolder } from '../../support/store.ts'

const btc = 'binance/spot/BTCUSDT'
const eth = 'kraken/spot/ETHEUR'

function ticks(count: number): Tick[] {
  return Array.from({ length: count }, (_, index) => ({
    timestamp: Date.now() - 600_000 + index * 1000,
    price: 100 + (index % 7),
    volume: 1 + (index % 3),
    side: index % 2 === 0 ? ('BUY' as const) : ('SELL' as const),
    tradeId: String(index + 1),
  }))
}

/** A data directory that nobody works with, and that nobody has opened since. */
async function closedStore(): Promise<string> {
  const dataDir = temporaryFolder()
  const db = await DatabaseManager.open({ dataDir, retention: { ticks: 'forever' } })
  await db.insertTicks(btc, ticks(300))
  await db.insertTicks(eth, ticks(20))
  await db.close()
  await rm(join(dataDir, '.pairduck'), { recursive: true })
  return dataDir
}

interface Stats {
  readonly pair: string
  readonly relations: readonly { readonly relation: string; readonly rows: number }[]
  readonly error: { readonly code: string } | null
}

async function statsOf(dataDir: string, ...pairs: string[]): Promise<Stats[]> {
  const { stdout } = await cliRun(['stats', ...pairs, '--data-dir', dataDir, '--json'])
  return JSON.parse(stdout) as Stats[]
}

/** Says of BTC's ticks what is not so, under its seal: whoever tells it has read the state file alone. */
async function misstate(dataDir: string): Promise<void> {
  const files = pairFiles(dataDir, parsePair(btc))
  const { seal: _, ...state } = (await readState(files.state)) as SealedState
  const ticks = { ...state.relations.ticks!, rows: 7 }
  const relations = { ...state.relations, ticks }
  await writeState(files.state, await sealed(files, { ...state, relations }))
}

function ticksOf(stats: readonly Stats[]): (number | undefined)[] {
  return stats.map(({ relations }) => relations.find((each) => each.relation === 'ticks')?.rows)
}

/** As after any write to the file: it is newer than what the state file says of it. */
async function touch(file: string): Promise<void> {
  const soon = new Date(Date.now() + 1000)
  await utimes(file, soon, soon)
}

test('stats of closed pairs come from their state files, and are what the files themselves say', async () => {
  const dataDir = await closedStore()
  const atRest = await statsOf(dataDir)
  // Whoever opens a manager makes it anew.
  await expect(access(join(dataDir, '.pairduck'))).rejects.toThrow('ENOENT')
  expect(await statsOf(dataDir, eth)).toEqual([atRest[1]])
  for (const pair of [btc, eth]) await touch(join(dataDir, pair, 'trading.duckdb'))
  const asked = await statsOf(dataDir)
  await access(join(dataDir, '.pairduck'))
  expect(asked).toEqual(atRest)
  expect(asked).toMatchObject([
    { pair: btc, retention: { ticks: 'forever' } },
    { pair: eth, error: null },
  ])
})

test.for<[what: string, meddle: (dataDir: string) => Promise<unknown>]>([
  ['a write-ahead log', (at) => writeFile(join(at, btc, 'trading.duckdb.wal'), '')],
  ['what a repair left', (at) => writeFile(join(at, btc, 'trading.duckdb.repair'), '')],
  ['a file that was written since', (at) => touch(join(at, btc, 'trading.duckdb'))],
  ['a log of some owner', (at) => mkdir(join(at, '.pairduck', 'log', '1-00'), { recursive: true })],
  ['a lock of some owner', (at) => lockIn(at)],
])('where there is %s the file is asked', async ([, meddle]) => {
  const dataDir = await closedStore()
  await misstate(dataDir)
  expect(ticksOf(await statsOf(dataDir))).toEqual([7, 20])
  await meddle(dataDir)
  expect(ticksOf(await statsOf(dataDir))).toEqual([300, 20])
})

async function lockIn(dataDir: string): Promise<void> {
  await mkdir(join(dataDir, '.pairduck'))
  await writeFile(join(dataDir, '.pairduck', 'manager-999999999.lock'), '{}')
}

test('a commit log on a disk that is away is named: what it holds is missing in the files', async () => {
  const dataDir = await closedStore()
  await mkdir(join(dataDir, '.pairduck'))
  await symlink(join(dataDir, 'nowhere'), join(dataDir, '.pairduck', 'log'))
  const codes = (await statsOf(dataDir)).map(({ error }) => error?.code)
  expect(codes).toEqual(['IO_FAILED', 'IO_FAILED'])
})
