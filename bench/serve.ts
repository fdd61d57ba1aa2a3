/**
 * Answers over HTTP: a million ticks as Arrow and as JSON, and a dashboard beside a writer. Who
 * serves and writes is one process, who asks is another.
 */
import { get } from 'node:http'
import { connect } from '../src/client/index.ts'
import type { LongestBlocks } from './harness/event-loop.ts'
import { interleave, median } from './harness/interleave.ts'
import type { BenchGroup, BenchRow } from './harness/row.ts'
import { inScratchFolder } from './harness/scratch-folder.ts'
import { Owner } from './serve/owner.ts'
import { askOn, quantile, type Asked } from './serve/questions.ts'
import { pairNames } from './storage/trades.ts'

const ticks = 1_000_000
const pair = 'bench/spot/READ'
const path = '/api/v1/pairs/bench/spot/READ/ticks'
const pairs = pairNames(100)
const writeRates = [4_000, 20_000]
const writeSeconds = 8
const rounds = 3

/** Has the parts `formats` and `beside`. */
export const run: BenchGroup = ({ parts }) =>
  inScratchFolder(async (folder) => {
    const owner = await Owner.start(folder)
    try {
      const rows: BenchRow[] = []
      if (parts?.includes('formats') ?? true) rows.push(...(await formats(owner)))
      if (parts?.includes('beside') ?? true)
        for (const rate of writeRates) rows.push(...(await beside(owner, folder, rate)))
      return rows
    } finally {
      await owner.close()
    }
  })

const exported = '1,000,000 ticks as Arrow over HTTP'

async function formats(owner: Owner): Promise<BenchRow[]> {
  await owner.call('load', { pair, ticks })
  const url = `${owner.url}${path}`
  const arrow = (): Promise<void> => drained(`${url}?format=arrow`)
  const cpuMs: Record<'arrow' | 'json', number[]> = { arrow: [], json: [] }
  const timed = async (what: keyof typeof cpuMs, work: () => Promise<void>): Promise<number> => {
    // The rows of other sides are garbage, which the next answer would clear away in its time.
    await owner.call('collectGarbage')
    const before = await owner.call('cpuMs')
    const begun = performance.now()
    await work()
    const took = performance.now() - begun
    cpuMs[what].push((await owner.call('cpuMs')) - before)
    return took
  }
  const ms = await interleave(
    {
      arrow: () => timed('arrow', arrow),
      json: () => timed('json', () => drained(url)),
      rows: () => owner.call('rowsAsText', { pair }),
      driver: () => owner.call('driverRowsAsText', { pair }),
    },
    { rounds },
  )
  const faster = (than: string, other: number, atLeast: number): BenchRow => ({
    name: `${exported}, against ${than}`,
    value: ms.arrow,
    unit: 'ms',
    comparedWith: `${than}: ${other.toFixed(0)} ms (ratio: how often faster)`,
    ratio: other / ms.arrow,
    target: { atLeast },
  })
  // Those of the warm-up apart, as `interleave` has it.
  const cpu = (what: keyof typeof cpuMs): number => median(cpuMs[what].slice(1))
  return [
    faster('JSON of the same address', ms.json, 10),
    {
      name: `${exported}: CPU time of the server, against JSON of the same address`,
      value: cpu('arrow'),
      unit: 'ms',
      comparedWith: `JSON of the same address: ${cpu('json').toFixed(0)} ms (ratio: how often less)`,
      ratio: cpu('json') / cpu('arrow'),
      target: { atLeast: 10 },
    },
    faster('rows by `query` and JSON.stringify, without HTTP', ms.rows, 10),
    faster("rows of the engine's driver and JSON.stringify, without HTTP", ms.driver, 10),
    ...(await bounds(owner, arrow)),
  ]
}

/** What an export may take of the owner's event loop and memory. */
async function bounds(owner: Owner, work: () => Promise<void>): Promise<BenchRow[]> {
  const watched: (LongestBlocks & { readonly moreMb: number })[] = []
  for (let round = 0; round < rounds; round++) {
    await owner.call('watch')
    await work()
    watched.push(await owner.call('unwatch'))
  }
  return [
    bounded(
      'longest block of the event loop, less the wait for a core',
      'ms',
      watched.map((each) => each.lessWaitsMs),
      25,
    ),
    bounded(
      'longest block of the event loop, by its own processor time',
      'ms',
      watched.map((each) => each.ownMs),
      25,
    ),
    bounded(
      'resident memory more',
      'MB',
      watched.map((each) => each.moreMb),
      100,
    ),
  ]
}

function bounded(what: string, unit: string, values: number[], atMost: number): BenchRow {
  return {
    name: `${exported}: ${what}`,
    value: median(values),
    unit,
    comparedWith: 'nothing',
    ratio: 1,
    target: { atMost, of: 'value' },
  }
}

/** Reads an answer to its end and keeps nothing of it. */
function drained(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`status ${answer.statusCode}`))
      answer.on('end', resolve).on('error', reject).resume()
    }).on('error', reject)
  })
}

interface Round {
  readonly insertP99: number
  readonly asked: Asked
}

const none: Asked = { candles: [], cvd: [] }

/** 20 questions a second, asked inside the owner and by another process, while it writes. */
async function beside(owner: Owner, dataDir: string, ticksPerSecond: number): Promise<BenchRow[]> {
  const write = (seconds: number, ask: boolean): Promise<Round> =>
    owner.call('write', { seconds, ticksPerSecond, ask })
  // Every pair that is asked for has something.
  await write(1, false)
  const measured = { none: [] as Round[], inside: [] as Round[], beside: [] as Round[] }
  const client = await connect({ dataDir })
  for (let round = 0; round < rounds; round++) {
    measured.none.push({ ...(await write(writeSeconds, false)), asked: none })
    measured.inside.push(await write(writeSeconds, true))
    const stop = new AbortController()
    const asking = askOn(client, pairs, stop.signal)
    const { insertP99 } = await write(writeSeconds, false)
    stop.abort()
    measured.beside.push({ insertP99, asked: await asking })
  }
  await client.close()
  return besideRows(ticksPerSecond, measured)
}

type Rounds = Readonly<Record<'none' | 'inside' | 'beside', readonly Round[]>>

function besideRows(ticksPerSecond: number, measured: Rounds): BenchRow[] {
  const writer = `a writer of ${ticksPerSecond.toLocaleString('en')} ticks/s over 100 pairs`
  const questions = (what: string, kinds: readonly (keyof Asked)[], share: number): BenchRow => {
    const of = (name: keyof Rounds): number =>
      median(
        measured[name].map(({ asked }) =>
          quantile(
            kinds.flatMap((kind) => asked[kind]),
            share,
          ),
        ),
      )
    return {
      name: `${what} of another process beside ${writer}: p${share * 100}`,
      value: of('beside'),
      unit: 'ms',
      comparedWith: `asked inside the owner: ${of('inside').toFixed(1)} ms`,
      ratio: of('beside') / of('inside'),
      target: { atMost: 3 },
    }
  }
  const insertP99 = (name: keyof Rounds): number =>
    median(measured[name].map((each) => each.insertP99))
  return [
    questions('a question', ['candles', 'cvd'], 0.5),
    questions('a question', ['candles', 'cvd'], 0.99),
    questions('a CVD question', ['cvd'], 0.5),
    questions('a CVD question', ['cvd'], 0.99),
    {
      name: `p99 of inserts of ${writer} while another process asks 20 questions a second`,
      value: insertP99('beside'),
      unit: 'ms',
      comparedWith: `without questions: ${insertP99('none').toFixed(1)} ms; asked from inside: ${insertP99('inside').toFixed(1)} ms`,
      ratio: insertP99('beside') / insertP99('none'),
      target: { atMost: 1.5 },
    },
  ]
}
