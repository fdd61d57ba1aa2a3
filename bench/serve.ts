/**
 * Answers over HTTP: a million ticks as Arrow and as JSON, and a dashboard beside a writer. Who
 * serves and writes is one process, who asks is another.
 */
import { get } from 'node:http'
import { connect } from '../src/client/index.ts'
import { interleave, median } from './harness/interleave.ts'
import type { BenchRow } from './harness/row.ts'
import { inScratchFolder } from './harness/scratch-folder.ts'
import { Owner } from './serve/owner.ts'
import { askOn, quantile } from './serve/questions.ts'
import { pairNames } from './storage/trades.ts'

const ticks = 1_000_000
const pair = 'bench/spot/READ'
const path = '/api/v1/pairs/bench/spot/READ/ticks'
const pairs = pairNames(100)
const writeSeconds = 8
const rounds = 3

export function run(): Promise<readonly BenchRow[]> {
  return inScratchFolder(async (folder) => {
    const owner = await Owner.start(folder)
    try {
      await owner.call('load', { pair, ticks })
      return [...(await formats(owner)), ...(await beside(owner, folder))]
    } finally {
      await owner.close()
    }
  })
}

async function formats(owner: Owner): Promise<BenchRow[]> {
  const url = `${owner.url}${path}`
  const arrow = (): Promise<void> => drained(`${url}?format=arrow`)
  const ms = await interleave(
    {
      arrow,
      json: () => drained(url),
      rows: () => owner.call('rowsAsText', { pair }),
      driver: () => owner.call('driverRowsAsText', { pair }),
    },
    { rounds },
  )
  const watched: { readonly blockMs: number; readonly moreMb: number }[] = []
  for (let round = 0; round < rounds; round++) {
    await owner.call('watch')
    await arrow()
    watched.push(await owner.call('unwatch'))
  }
  const subject = '1,000,000 ticks as Arrow over HTTP'
  const faster = (than: string, other: number, atLeast: number): BenchRow => ({
    name: `${subject}, against ${than}`,
    value: ms.arrow,
    unit: 'ms',
    comparedWith: `${than}: ${other.toFixed(0)} ms (ratio: how often faster)`,
    ratio: other / ms.arrow,
    target: { atLeast },
  })
  const bounded = (what: string, unit: string, values: number[], atMost: number): BenchRow => ({
    name: `${subject}: ${what}`,
    value: median(values),
    unit,
    comparedWith: 'nothing',
    ratio: 1,
    target: { atMost, of: 'value' },
  })
  return [
    faster('JSON of the same address', ms.json, 10),
    faster('rows by `query` and JSON.stringify, without HTTP', ms.rows, 10),
    faster("rows of the engine's driver and JSON.stringify, without HTTP", ms.driver, 10),
    bounded(
      'longest block of the event loop, less the wait for a core',
      'ms',
      watched.map((each) => each.blockMs),
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
  readonly p50: number
  readonly p99: number
}

/** 20 questions a second, asked inside the owner and by another process, while it writes. */
async function beside(owner: Owner, dataDir: string): Promise<BenchRow[]> {
  // Every pair that is asked for has something.
  await owner.call('write', { seconds: 1, ask: false })
  const asked = { none: [] as Round[], inside: [] as Round[], beside: [] as Round[] }
  const client = await connect({ dataDir })
  const write = async (ask: boolean): Promise<Round> => {
    const { insertP99, asked } = await owner.call('write', { seconds: writeSeconds, ask })
    return { insertP99, p50: quantile(asked, 0.5), p99: quantile(asked, 0.99) }
  }
  for (let round = 0; round < rounds; round++) {
    asked.none.push(await write(false))
    asked.inside.push(await write(true))
    const stop = new AbortController()
    const asking = askOn(client, pairs, stop.signal)
    const { insertP99 } = await write(false)
    stop.abort()
    const took = await asking
    asked.beside.push({ insertP99, p50: quantile(took, 0.5), p99: quantile(took, 0.99) })
  }
  await client.close()
  return besideRows((name, figure) => median(asked[name].map((each) => each[figure])))
}

function besideRows(
  of: (name: 'none' | 'inside' | 'beside', figure: keyof Round) => number,
): BenchRow[] {
  const questions = (figure: 'p50' | 'p99'): BenchRow => ({
    name: `a question of another process beside a writer of 20,000 ticks/s: ${figure}`,
    value: of('beside', figure),
    unit: 'ms',
    comparedWith: `asked inside the owner: ${of('inside', figure).toFixed(1)} ms`,
    ratio: of('beside', figure) / of('inside', figure),
    target: { atMost: 3 },
  })
  return [
    questions('p50'),
    questions('p99'),
    {
      name: 'p99 of inserts while another process asks 20 questions a second',
      value: of('beside', 'insertP99'),
      unit: 'ms',
      comparedWith: `without questions: ${of('none', 'insertP99').toFixed(1)} ms`,
      ratio: of('beside', 'insertP99') / of('none', 'insertP99'),
      target: { atMost: 1.5 },
    },
  ]
}
