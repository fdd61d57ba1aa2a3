import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { CommandLine, outcomeOf } from '../support/command-line.ts'
import { temporaryFolder } from '../support/store.ts'
import { zipped } from '../support/zipped.ts'

const days = 365
const rowsADay = 27_400
const from = Date.UTC(2023, 0, 1)
const pair = 'binance/spot/YEAR'

it('a year of daily zips: ten million trades, stopped by Ctrl-C and by kill -9, exact, in 300 MB', async () => {
  const pairduck = await CommandLine.build()
  const folder = join(temporaryFolder(), 'year')
  await mkdir(folder)
  for (let day = 0; day < days; day++) await writeDay(folder, day)
  const dataDir = temporaryFolder()
  const args = ['import', pair, join(folder, '*.zip'), '--data-dir', dataDir, '--json']

  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    const child = pairduck.start(args)
    const ended = outcomeOf(child)
    const before = await filesDone(dataDir)
    await expect
      .poll(() => filesDone(dataDir), { interval: 50, timeout: 600_000 })
      .toBeGreaterThan(before + 30)
    child.kill(signal)
    const { exitCode } = await ended
    expect(exitCode).toBe(signal === 'SIGINT' ? 130 : null)
  }

  const child = pairduck.start(args)
  const ended = outcomeOf(child)
  let peakBytes = 0
  const watch = setInterval(() => {
    void peakOf(child.pid!).then((bytes) => (peakBytes = Math.max(peakBytes, bytes)))
  }, 200)
  const { exitCode, stdout, stderr } = await ended
  clearInterval(watch)
  expect(exitCode).toBe(0)
  expect(stderr).not.toContain('not imported')
  const report = JSON.parse(stdout) as { skipped: number; imported: number; tookMs: number }
  console.info(
    `peak ${Math.round(peakBytes / 1e6)} MB, ${report.imported} files in ${report.tookMs} ms`,
  )
  expect(report.skipped + report.imported).toBe(days)
  expect(report.skipped).toBeGreaterThan(60)
  const [found] = await pairduck.json<{ rows: number; ids: number; volume: number }[]>([
    'sql',
    pair,
    'SELECT count(*) AS rows, count(DISTINCT trade_id) AS ids, sum(volume) AS volume FROM ticks',
    '--data-dir',
    dataDir,
  ])
  expect(found).toEqual({
    rows: days * rowsADay,
    ids: days * rowsADay,
    volume: days * rowsADay * 0.5,
  })
  expect(peakBytes).toBeLessThan(300e6)
}, 3_600_000)

async function writeDay(folder: string, day: number): Promise<void> {
  const start = from + day * 86_400_000
  const lines = Array.from({ length: rowsADay }, (_, row) => {
    const id = day * rowsADay + row
    return `${id},${20_000 + (id % 977) / 100},0.5,1,${start + row * 3000},${id % 2 === 0 ? 'True' : 'False'},True\n`
  })
  const name = `YEAR-trades-${new Date(start).toISOString().slice(0, 10)}`
  await writeFile(join(folder, `${name}.zip`), await zipped({ [`${name}.csv`]: lines.join('') }))
}

async function filesDone(dataDir: string): Promise<number> {
  const text = await readFile(join(dataDir, '.pairduck', 'imports.jsonl'), 'utf8').catch(() => '')
  return text.split('\n').length - 1
}

/** The most memory that a process had at once; Linux tells it. */
async function peakOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/VmHWM:\s*(\d+) kB/.exec(text)?.[1] ?? 0) * 1024
}
