/** Answers over HTTP: a million ticks as Arrow and as JSON, and a dashboard beside a writer. */
import { get } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { connect, type MarketStore } from '../src/client/index.ts'
import { DatabaseManager } from '../src/index.ts'
import { calculateCvdQuery, getCandlesQuery } from '../src/queries/index.ts'
import { serve } from '../src/serve/index.ts'
import { eventLoopDuring } from './harness/event-loop.ts'
import { interleave, median } from './harness/interleave.ts'
import { collectGarbage, residentMb } from './harness/memory.ts'
import type { BenchRow } from './harness/row.ts'
import { inScratchFolder } from './harness/scratch-folder.ts'
import { makeTrades, pairNames } from './storage/trades.ts'

const ticks = 1_000_000
const pair = 'bench/spot/READ'
const base = '/api/v1/pairs/bench/spot/READ/ticks'
const pairs = pairNames(100)
const ticksPerSecond = 20_000
const writeSeconds = 8
const askEveryMs = 50

export function run(): Promise<readonly BenchRow[]> {
  return inScratchFolder(async (folder) => {
    const db = await DatabaseManager.open({ dataDir: folder, retention: 'forever' })
    const server = await serve(db)
    try {
      const trades = makeTrades(ticks, Date.now() - ticks * 2, { spacingMs: 1 })
      for (let at = 0; at < ticks; at += 20_000)
        await db.insertTicks(pair, trades.slice(at, at + 20_000))
      return [...(await formats(server.url)), ...(await beside(db, folder))]
    } finally {
      await server.close()
      await db.close()
    }
  })
}

async function formats(url: string): Promise<BenchRow[]> {
  await drained(`${url}${base}?format=arrow`)
  const ms = await interleave(
    {
      arrow: () => drained(`${url}${base}?format=arrow`),
      json: () => drained(`${url}${base}`),
    },
    { rounds: 3, warmups: 0 },
  )
  const before = await residentMb()
  let peak = before
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss() / 2 ** 20)), 5)
  const load = await eventLoopDuring(() => drained(`${url}${base}?format=arrow`))
  clearInterval(watch)
  const subject = '1,000,000 ticks as Arrow over HTTP'
  return [
    {
      name: subject,
      value: ms.arrow,
      unit: 'ms',
      comparedWith: `as JSON: ${ms.json.toFixed(0)} ms (ratio: how often faster)`,
      ratio: ms.json / ms.arrow,
      target: { atLeast: 10 },
    },
    {
      name: `${subject}: longest block of the event loop, client and server in one process`,
      value: load.maxMs,
      unit: 'ms',
      comparedWith: 'nothing',
      ratio: 1,
      target: { atMost: 25, of: 'value' },
    },
    {
      name: `${subject}: resident memory more`,
      value: peak - before,
      unit: 'MB',
      comparedWith: 'before',
      ratio: peak / before,
      target: { atMost: 100, of: 'value' },
    },
  ]
}

/** Reads an answer to its end and keeps nothing of it. */
function drained(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, (answer) => {
      answer.on('end', resolve).on('error', reject).resume()
    }).on('error', reject)
  })
}

/** 20 questions a second, asked inside the owner and by another end of its socket, while it writes. */
async function beside(db: DatabaseManager, dataDir: string): Promise<BenchRow[]> {
  const client = await connect({ dataDir })
  const asked = { none: [] as Round[], inside: [] as Round[], beside: [] as Round[] }
  for (let round = 0; round < 3; round++)
    for (const [name, store] of [
      ['none', undefined],
      ['inside', db],
      ['beside', client],
    ] as const)
      asked[name].push(await writeWhileAsking(db, store))
  await client.close()
  const of = (name: keyof typeof asked, figure: keyof Round): number =>
    median(asked[name].map((each) => each[figure]))
  const questions = (figure: 'p50' | 'p99'): BenchRow => ({
    name: `a question beside a writer of 20,000 ticks/s, over the socket: ${figure}`,
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
      name: 'p99 of inserts with 20 questions a second from beside',
      value: of('beside', 'insertP99'),
      unit: 'ms',
      comparedWith: `without questions: ${of('none', 'insertP99').toFixed(1)} ms`,
      ratio: of('beside', 'insertP99') / of('none', 'insertP99'),
      target: { atMost: 1.5 },
    },
  ]
}

interface Round {
  readonly p50: number
  readonly p99: number
  readonly insertP99: number
}

let written = 0

async function writeWhileAsking(
  db: DatabaseManager,
  store: MarketStore | undefined,
): Promise<Round> {
  await collectGarbage()
  const stop = new AbortController()
  const took: number[] = []
  const asking = store === undefined ? undefined : askOn(store, took, stop.signal)
  const inserts: number[] = []
  const perCall = ticksPerSecond / 10 / pairs.length
  for (let call = 0; call < writeSeconds * 10; call++) {
    const next = delay(100)
    const trades = makeTrades(perCall, Date.now(), { spacingMs: 1, from: written })
    written += perCall
    await Promise.all(
      pairs.map(async (name) => {
        const begun = performance.now()
        await db.insertTicks(name, trades)
        inserts.push(performance.now() - begun)
      }),
    )
    await next
  }
  stop.abort()
  await asking
  return { p50: quantile(took, 0.5), p99: quantile(took, 0.99), insertP99: quantile(inserts, 0.99) }
}

async function askOn(store: MarketStore, took: number[], signal: AbortSignal): Promise<void> {
  for (let at = 0; !signal.aborted; at++) {
    const next = delay(askEveryMs)
    const name = pairs[at % pairs.length]!
    const begun = performance.now()
    const query =
      at % 2 === 0
        ? getCandlesQuery({ timeframe: '1m', limit: 200 })
        : calculateCvdQuery({ lookbackMinutes: 15 })
    // A pair that has nothing yet is one of the answers.
    await store.query<unknown>(name, query).catch(() => undefined)
    took.push(performance.now() - begun)
    await next
  }
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
