import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DatabaseManager } from '../../src/index.ts'
import { cliJson, cliRun } from '../support/cli-run.ts'
import { someTicks, temporaryFolder } from '../support/store.ts'

const pair = 'x/spot/A'

/** A data folder with one pair. */
async function withData(): Promise<string> {
  const dataDir = temporaryFolder()
  const db = await DatabaseManager.open({ dataDir, localSocket: false })
  await db.insertTicks(pair, someTicks(200, { stepMs: 1000, from: Date.now() - 300_000 }))
  await db.close()
  return dataDir
}

function configured(config: unknown): void {
  const file = join(temporaryFolder(), 'pairduck.json')
  writeFileSync(file, typeof config === 'string' ? config : JSON.stringify(config))
  process.env['PAIRDUCK_CONFIG'] = file
}

const names = ['PAIRDUCK_CONFIG', 'PAIRDUCK_DATA_DIR'] as const
const before = names.map((name) => process.env[name])
beforeEach(() => {
  for (const name of names) delete process.env[name]
})
afterEach(() => {
  for (const [at, name] of names.entries()) {
    delete process.env[name]
    if (before[at] !== undefined) process.env[name] = before[at]
  }
})

async function listed(...args: string[]): Promise<number> {
  return (await cliJson<unknown[]>(['pairs', ...args])).length
}

/** What may come next after some words. */
async function after(...words: string[]): Promise<string[]> {
  const { stdout } = await cliRun(['completion', 'words', '--', ...words])
  return stdout.split('\n').filter((line) => line !== '')
}

describe('where the pairs are', () => {
  it('is told by the command line, else the environment, else the file of settings', async () => {
    const [one, other] = [await withData(), temporaryFolder()]
    configured({ dataDir: one })
    expect(await listed()).toBe(1)
    process.env['PAIRDUCK_DATA_DIR'] = other
    expect(await listed()).toBe(0)
    expect(await listed('--data-dir', one)).toBe(1)
    delete process.env['PAIRDUCK_DATA_DIR']
    configured({ dataDir: one, candles: { timeframe: '5m', limit: 1 } })
    const candles = await cliJson<{ timestamp: number }[]>(['candles', pair])
    expect(candles).toHaveLength(1)
    expect(candles[0]!.timestamp % 300_000).toBe(0)
    expect((await cliJson<unknown[]>(['candles', pair, '--limit', '2'])).length).toBeLessThan(3)
  })

  it('is refused where the file says what does not fit', async () => {
    for (const [config, says] of [
      ['{', 'no JSON'],
      ['[]', 'no JSON object'],
      [{ dataDirs: 'x' }, 'did you mean `dataDir`'],
      [{ candles: { timeframes: '1m' } }, 'did you mean `timeframe`'],
      [{ candles: { timeframe: '7m' } }, 'Expected one of'],
      [{ candles: { json: 'yes' } }, 'expected true or false'],
      [{ candles: 5 }, 'no object of options'],
    ] as const) {
      configured(config)
      const { exitCode, stderr } = await cliRun(['candles', pair])
      expect(stderr).toContain(says)
      expect(exitCode).toBe(2)
    }
    process.env['PAIRDUCK_CONFIG'] = join(temporaryFolder(), 'none.json')
    expect((await cliRun(['candles', pair])).exitCode).toBe(1)
    delete process.env['PAIRDUCK_CONFIG']
  })
})

describe('completion', () => {
  it('knows commands, options, their words and the stored pairs', async () => {
    process.env['PAIRDUCK_DATA_DIR'] = await withData()
    expect(await after('can')).toEqual(['candles'])
    expect(await after('')).toContain('export')
    expect(await after('candles', '')).toEqual([pair])
    expect(await after('candles', 'x/s')).toEqual([pair])
    expect(await after('export', pair, '--for')).toEqual(['--format'])
    expect(await after('export', pair, '--format', 'a')).toEqual(['arrow'])
    expect(await after('valkey', 'sta')).toContain('start')
    expect(await after('nothing', '')).toEqual([])
  })

  it.each(['bash', 'zsh', 'fish'])('prints the script of %s', async (shell) => {
    const { stdout, exitCode } = await cliRun(['completion', shell])
    expect(exitCode).toBe(0)
    expect(stdout).toContain('pairduck completion words --')
  })
})
