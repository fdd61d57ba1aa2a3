/** Importing the daily zips of a pair, as exchanges' archives have them, by one call. */
import { mkdir, writeFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { ZipFile } from 'yazl'
import { DatabaseManager } from '../src/index.ts'
import { interleave } from './harness/interleave.ts'
import type { BenchRow, BenchSize } from './harness/row.ts'
import { inScratchFolder } from './harness/scratch-folder.ts'
import { BareEngine } from './storage/bare-engine.ts'

const tradesADay = 27_400
const rounds = 3

/** A quarter of a year; with `full` the year that is 10 million trades. */
export function run({ full }: BenchSize): Promise<readonly BenchRow[]> {
  return inScratchFolder((folder) => compare(folder, full ? 365 : 91))
}

async function compare(folder: string, days: number): Promise<readonly BenchRow[]> {
  const texts = await writeDays(folder, days)
  const db = await DatabaseManager.open({ dataDir: `${folder}/data` })
  const bare = await BareEngine.open(`${folder}/bare-`, rounds + 1)
  const next = { import: 0, bare: 0 }
  const wallMs = { import: Infinity, bare: Infinity }
  const cpuMs = await interleave(
    {
      import: () =>
        measured(wallMs, 'import', async () => {
          const pair = `bench/spot/YEAR${next.import++}`
          const { inserted } = await db.importFiles(pair, [`${folder}/days/*.zip`])
          if (inserted !== days * tradesADay) throw new Error(`imported ${inserted}`)
        }),
      // Autocommit: when it resolves, the rows are as durable as an import's.
      bare: () =>
        measured(wallMs, 'bare', async () => {
          const connection = bare.connections[next.bare++]!
          for (const text of texts) await connection.run(insertFrom(text))
        }),
    },
    { rounds },
  )
  bare.close()
  await db.close()
  const trades = days * tradesADay
  const row = (of: string, ms: typeof wallMs): BenchRow => ({
    name: `${trades.toLocaleString('en')} trades from ${days} daily zips, by ${of}`,
    value: (trades * 1000) / ms.import,
    unit: 'ticks/s',
    comparedWith: `the engine's INSERT … SELECT from each day's text, one thread and small blocks, as here: ${Math.round((trades * 1000) / ms.bare).toLocaleString('en')} ticks/s`,
    ratio: ms.bare / ms.import,
    target: { atLeast: 0.3 },
  })
  return [row('time of the processor', cpuMs), row('the clock, best round', wallMs)]
}

/** The processor's time, which others on the machine do not change; the clock's is noted beside it. */
async function measured<Name extends string>(
  wallMs: Record<Name, number>,
  name: Name,
  work: () => Promise<void>,
): Promise<number> {
  const cpu = process.cpuUsage()
  const started = performance.now()
  await work()
  wallMs[name] = Math.min(wallMs[name], performance.now() - started)
  const { user, system } = process.cpuUsage(cpu)
  return (user + system) / 1000
}

/** Binance's columns of spot trades, without a header. */
function insertFrom(text: string): string {
  return `INSERT INTO ticks
    SELECT make_timestamp(c4 * 1000), c1, c2, if(c5 = 'True', 'SELL', 'BUY'), c0
    FROM read_csv('${text}', auto_detect = false, delim = ',', quote = '"', escape = '"',
      header = false, columns = { c0: 'VARCHAR', c1: 'DOUBLE', c2: 'DOUBLE', c3: 'DOUBLE',
        c4: 'BIGINT', c5: 'VARCHAR', c6: 'VARCHAR' })`
}

/** Writes each day as text and as a zip of it; returns the texts' paths. */
async function writeDays(folder: string, days: number): Promise<readonly string[]> {
  await mkdir(`${folder}/days`)
  const texts: string[] = []
  for (let day = 0; day < days; day++) {
    const start = Date.UTC(2023, 0, 1 + day)
    const lines = Array.from({ length: tradesADay }, (_, row) => {
      const id = day * tradesADay + row
      return `${id},${20_000 + (id % 977) / 100},0.5,1,${start + row * 3000},${id % 2 === 0 ? 'True' : 'False'},True\n`
    }).join('')
    const name = `YEAR-trades-${new Date(start).toISOString().slice(0, 10)}`
    const zip = new ZipFile()
    zip.addBuffer(Buffer.from(lines), `${name}.csv`)
    zip.end()
    await writeFile(`${folder}/days/${name}.zip`, await buffer(zip.outputStream))
    await writeFile(`${folder}/${name}.csv`, lines)
    texts.push(`${folder}/${name}.csv`)
  }
  return texts
}
