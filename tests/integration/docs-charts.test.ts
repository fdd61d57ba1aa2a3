import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
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

// UPDATE_DOCS=1 writes what the commands print into the pages.
describe.runIf(oracleIsHere)('what the pages show is what the command prints', async () => {
  const found: (readonly [page: string, command: string, printed: string])[] = []
  for (const page of await readdir(pages)) {
    const text = await readFile(new URL(page, pages), 'utf8')
    for (const [, command = '', printed = ''] of text.matchAll(blocks))
      found.push([page, command, printed])
  }

  it('there are such pages', () => expect(found.length).toBeGreaterThan(8))

  it.each(found)('%s: %s', async (page, command, printed) => {
    const { stdout, stderr } = await cliRun([...command.split(' '), '--data-dir', dataDir])
    expect(stderr).toBe('')
    if (process.env['UPDATE_DOCS'] === '1') {
      const file = new URL(page, pages)
      const text = await readFile(file, 'utf8')
      const head = `$ pairduck ${command}\n`
      await writeFile(
        file,
        text.replace(head + printed, () => head + stdout),
      )
    } else expect(printed).toBe(stdout)
  })
})

describe('pictures', () => {
  it('every page of an analytic has one, and every file is small and shown', async () => {
    const texts = new Map<string, string>()
    for (const page of await readdir(pages))
      texts.set(page, await readFile(new URL(page, pages), 'utf8'))
    const others = ['refresh.md', 'stored-rows.md']
    for (const [page, text] of texts)
      if (!others.includes(page))
        expect(text, page).toMatch(/^## Picture\n\n[^]*(?:!\[|```console)/m)
    for (const file of await readdir(pictures)) {
      expect((await readFile(new URL(file, pictures))).length, file).toBeLessThan(100_000)
      expect([...texts.values()].join(), file).toContain(`../pictures/${file}`)
    }
  })
})
