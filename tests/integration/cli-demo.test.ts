import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { cliJson } from '../support/cli-run.ts'
import { CommandLine, outcomeOf } from '../support/command-line.ts'

let pairduck: CommandLine
let folder = ''
beforeAll(async () => {
  pairduck = await CommandLine.build()
  folder = await mkdtemp(join(tmpdir(), 'pairduck-demo-test-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const small = ['--pairs', '2', '--minutes', '5']

it('shows a market, exactly once stored, in charts of 80 columns, and leaves nothing behind', async () => {
  const temporary = join(folder, 'shown')
  await mkdir(temporary)
  const { exitCode, stdout, stderr } = await outcomeOf(
    pairduck.start(['demo', ...small], { TMPDIR: temporary, TEMP: temporary, TMP: temporary }),
  )
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(stdout).toMatch(/ticks a second/)
  expect(stdout).toMatch(/nothing is stored twice/)
  expect(stdout).toMatch(/◄POC/)
  expect(stdout).toMatch(/fair value gaps/)
  const charts = stdout.split('\n').filter((line) => /[┤│└]/.test(line))
  expect(charts.length).toBeGreaterThan(30)
  expect(Math.max(...charts.map((line) => [...line].length))).toBeLessThanOrEqual(80)
  expect(await readdir(temporary)).toEqual([])
})

it('counts for programs: each trade once, each replay recognised; the same seed, the same market', async () => {
  const dataDir = join(folder, 'kept')
  const report = await demo('a', '--data-dir', dataDir)
  expect(report.pairs).toHaveLength(2)
  for (const { delivered, replayed, inserted, duplicates } of report.pairs) {
    expect(inserted).toBe(delivered - replayed)
    expect(duplicates).toBe(replayed)
    expect(inserted).toBeGreaterThan(500)
  }
  expect(report.ticks).toBe(report.pairs.reduce((sum, { delivered }) => sum + delivered, 0))
  const [stored] = await cliJson<{ n: number }[]>([
    'sql',
    report.pairs[0]!.pair,
    'SELECT count(*) AS n FROM ticks',
    '--data-dir',
    dataDir,
  ])
  expect(stored!.n).toBe(report.pairs[0]!.inserted)
  expect(counts(await demo('a'))).toEqual(counts(report))
  expect(counts(await demo('b'))).not.toEqual(counts(report))
})

it('Ctrl-C ends it with 130, without a word, and leaves nothing behind', async () => {
  const temporary = join(folder, 'temporary')
  await mkdir(temporary)
  const child = pairduck.start(['demo', '--minutes', '6000'], {
    TMPDIR: temporary,
    TEMP: temporary,
    TMP: temporary,
  })
  child.stdout.once('data', () => child.kill('SIGINT'))
  const { exitCode, stderr } = await outcomeOf(child)
  expect({ exitCode, stderr }).toEqual({ exitCode: 130, stderr: '' })
  expect(await readdir(temporary)).toEqual([])
})

function demo(seed: string, ...more: readonly string[]): Promise<DemoReport> {
  return cliJson(['demo', ...small, '--seed', seed, ...more])
}

interface DemoReport {
  readonly ticks: number
  readonly pairs: readonly {
    readonly pair: string
    readonly delivered: number
    readonly replayed: number
    readonly inserted: number
    readonly duplicates: number
  }[]
}

function counts({ pairs }: DemoReport) {
  return pairs.map(({ inserted, replayed }) => [inserted, replayed])
}
