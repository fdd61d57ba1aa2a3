import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DatabaseManager } from '../../src/index.ts'
import { cliRun } from '../support/cli-run.ts'
import { oracleIsHere, oracleTrades } from '../support/oracle.ts'

const pages = new URL('../../docs/analytics/', import.meta.url)
const pictures = new URL('../../docs/pictures/', import.meta.url)
const blocks = /^```console\n\$ pairduck (.*)\n([^]*?)^```$/gm

let dataDir = ''
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'pairduck-docs-'))
  if (!oracleIsHere) return
  const db = await DatabaseManager.open({ dataDir })
  await db.insertTicks('binance/spot/BTCUSDT', oracleTrades('BTCUSDT'))
  await db.close()
})
afterAll(() => rm(dataDir, { recursive: true, force: true }))

describe.runIf(oracleIsHere)('what the pages show is what the command prints', async () => {
  const found: (readonly [page: string, command: string, printed: string])[] = []
  for (const page of await readdir(pages)) {
    const text = await readFile(new URL(page, pages), 'utf8')
    for (const [, command = '', printed = ''] of text.matchAll(blocks))
      found.push([page, command, printed])
  }

  it('there are such pages', () => expect(found.length).toBeGreaterThan(8))

  it.each(found)('%s: %s', async (_page, command, printed) => {
    const { stdout, stderr } = await cliRun([...command.split(' '), '--data-dir', dataDir])
    expect(stderr).toBe('')
    expect(printed).toBe(stdout)
  })
})

describe('pictures', () => {
  const stored = new Set(['refresh.md', 'stored-rows.md'])

  it('every page of an analytic has one', async () => {
    const without: string[] = []
    for (const page of await readdir(pages)) {
      const text = await readFile(new URL(page, pages), 'utf8')
      if (!/^## Picture\n\n[^]*(?:!\[|```console)/m.test(text)) without.push(page)
    }
    expect(new Set(without)).toEqual(stored)
  })

  it('every file is small, and a page shows it', async () => {
    const shown: string[] = []
    for (const page of await readdir(pages)) {
      const text = await readFile(new URL(page, pages), 'utf8')
      shown.push(...[...text.matchAll(/\.\.\/pictures\/([a-z-]+\.svg)/g)].map(([, file]) => file!))
    }
    const files = await readdir(pictures)
    expect(files.sort()).toEqual([...new Set(shown)].sort())
    const sizes = await Promise.all(files.map((file) => readFile(new URL(file, pictures))))
    expect(Math.max(...sizes.map(({ length }) => length))).toBeLessThan(100_000)
  })
})
