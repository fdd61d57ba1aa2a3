import { mkdirSync, readdirSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseManager, type Tick } from '../../../src/index.ts'
import { lottery } from '../disk/lottery.ts'
import { misuse } from './misuse.ts'

/** What the process is told as its argument; it goes on until its input ends. */
export interface SoakOrder {
  readonly folder: string
  readonly seed: number
  /** A round begins this long after the last one, or when that has ended. */
  readonly everyMs: number
  /** How often it looks at what the process holds. */
  readonly sampleEveryMs: number
}

/** What the process holds. */
export interface SoakSample {
  readonly round: number
  /** After a collection of garbage. */
  readonly rssMb: number
  readonly heapMb: number
  readonly descriptors: number
  readonly files: number
  readonly megabytes: number
  readonly pendingTicks: number
  readonly waiting: number
  readonly open: number
  readonly active: number
}

const pairs = Array.from({ length: 6 }, (_, index) => `soak/spot/P${index}`)

async function main(order: SoakOrder): Promise<void> {
  const dataDir = join(order.folder, 'data')
  const copies = join(order.folder, 'copies')
  mkdirSync(copies, { recursive: true })
  say({ descriptorsBefore: descriptors() })
  const store = await DatabaseManager.open({
    dataDir,
    maxConnections: 5,
    idleCloseMs: 300,
    retention: { ticks: 2000, candles_1m: 120_000, candles_5m: 120_000, candles_15m: 120_000 },
  })
  const told = { listenersThrew: 0, others: [] as string[] }
  store.on('ticksStored', () => {
    throw new Error('a listener threw')
  })
  store.on('cleanupDone', () => Promise.reject(new Error('a listener threw')))
  store.on('error', ({ error }) => {
    if ((error as Error).message.includes('a listener threw')) told.listenersThrew++
    else told.others.push(String(error))
  })
  store.startCleanup({ everyMs: 500 })

  const random = lottery(order.seed)
  const at = { store, folder: copies, random, leaky: pairs.slice(0, 2), leaked: [] }
  let sent = 0
  await Promise.all(pairs.map((pair) => store.insertTicks(pair, ticks(9))))
  const over = new AbortController()
  process.stdin.once('end', () => over.abort()).resume()
  let sampleAt = performance.now() + order.sampleEveryMs
  let round = 0
  for (; !over.signal.aborted; round++) {
    const due = new Promise((resolve) => setTimeout(resolve, order.everyMs))
    const turn = (ahead: number): string => pairs[(round + ahead) % pairs.length]!
    await Promise.all([
      ...pairs.map((pair) => store.insertTicks(pair, ticks(120))),
      misuse(at, turn(0), turn(1)),
    ])
    if (performance.now() >= sampleAt) {
      say(await sample(round))
      sampleAt += order.sampleEveryMs
    }
    await due
  }
  const stats = store.stats()
  await store.close()
  at.leaked.length = 0
  say({
    ...told,
    sent,
    rounds: round,
    pendingTicks: stats.pendingTicks,
    descriptorsAfter: descriptors(),
  })

  /** Some come late, after their time was deleted even, and some twice. */
  function ticks(count: number): Tick[] {
    const now = Date.now()
    return Array.from({ length: count }, (_, k) => {
      sent++
      return {
        timestamp: now - (k % 9 === 8 ? random() * 3000 : 0),
        price: 100 + (sent % 50),
        volume: 1,
        side: k % 2 === 0 ? 'BUY' : 'SELL',
        ...(k % 5 === 0 ? {} : { tradeId: String(k % 17 === 16 ? sent - 1 : sent) }),
      }
    })
  }

  async function sample(round: number): Promise<SoakSample> {
    // Twice: what finalizers let go of is collected by the second.
    for (let time = 0; time < 2; time++) {
      globalThis.gc!()
      await new Promise((resolve) => setImmediate(resolve))
    }
    const { rss, heapUsed } = process.memoryUsage()
    const { pendingTicks, waiting, size, active } = store.stats()
    const sizes = readdirSync(order.folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => statSync(join(parentPath, name), { throwIfNoEntry: false }))
    return {
      round,
      rssMb: rss / 2 ** 20,
      heapMb: heapUsed / 2 ** 20,
      descriptors: descriptors(),
      files: sizes.length,
      megabytes: sizes.reduce((sum, found) => sum + (found?.size ?? 0), 0) / 2 ** 20,
      pendingTicks,
      waiting,
      open: size,
      active,
    }
  }
}

function descriptors(): number {
  return readdirSync('/proc/self/fd').length
}

function say(line: object): void {
  writeSync(1, `${JSON.stringify(line)}\n`)
}

if (process.argv[2]?.startsWith('{') === true) await main(JSON.parse(process.argv[2]) as SoakOrder)
