/** 20,000 ticks a second over 100 pairs in calls of 10, and 400 small reads a second beside them. */
import type { Tick } from '../../src/index.ts'
import { eventLoopDuring } from '../harness/event-loop.ts'
import { median } from '../harness/interleave.ts'
import { collectGarbage } from '../harness/memory.ts'
import { onBeats } from '../harness/metronome.ts'
import type { BenchRow, BenchTarget } from '../harness/row.ts'
import { inScratchFolder } from '../harness/scratch-folder.ts'
import { quantile } from '../serve/questions.ts'
import { cutIntoCalls, makeTrades } from '../storage/trades.ts'
import { peerPackages } from './packages.ts'
import { PairduckStore } from './stores/pairduck-store.ts'
import type { ReadableStore } from './stores/readable-store.ts'
import type { Sqlite } from './stores/sqlite-file.ts'
import { SqliteStore } from './stores/sqlite-store.ts'

const pairs = 100
const callSize = 10
const perSecond = { inserts: 2000, ticks: 200, candles: 200 } as const
type Kind = keyof typeof perSecond
const kinds = Object.keys(perSecond) as Kind[]
const rounds = 3
/** So that there are 500 candles to be asked for. */
const minutesBefore = 600
const ticksPerMinuteBefore = 5

/** Medians over the rounds. */
interface Measured {
  readonly p50: Readonly<Record<Kind, number>>
  readonly p99: Readonly<Record<Kind, number>>
  readonly served: number
  readonly utilisation: number
  readonly cpuShare: number
}

export async function readsBesideWrites(full: boolean): Promise<BenchRow[]> {
  return inScratchFolder(async (folder) => {
    const seconds = full ? 15 : 5
    const load = await peerPackages()
    const stores: Record<'ours' | 'sqlite', ReadableStore> = {
      ours: await PairduckStore.open(`${folder}/pairduck`, pairs),
      sqlite: SqliteStore.open(load('better-sqlite3') as Sqlite, `${folder}/sqlite`, 1),
    }
    const perPair = (perSecond.inserts * callSize * seconds * (rounds + 1)) / pairs
    const begin = Date.now() - perPair * 5
    const calls = cutIntoCalls(makeTrades(perPair, begin, { spacingMs: 5 }), callSize)
    const feeds = {
      ours: new Feed(stores.ours, calls),
      sqlite: new Feed(stores.sqlite, calls),
    }
    for (const store of Object.values(stores)) await fill(store, begin)
    const measured = { ours: [] as Measured[], sqlite: [] as Measured[] }
    for (let round = 0; round <= rounds; round++)
      for (const side of round % 2 === 0
        ? (['ours', 'sqlite'] as const)
        : (['sqlite', 'ours'] as const)) {
        await collectGarbage()
        const figures = await feeds[side].run(seconds)
        await stores[side].settle()
        // The first round brings into memory what is kept there.
        if (round > 0) measured[side].push(figures)
      }
    await Promise.all(Object.values(stores).map((store) => store.close()))
    return rowsOf(measured)
  })
}

/** Candles of ten hours. */
async function fill(store: ReadableStore, until: number): Promise<void> {
  const ticks = minutesBefore * ticksPerMinuteBefore
  const spacingMs = 60_000 / ticksPerMinuteBefore
  const trades = makeTrades(ticks, until - ticks * spacingMs, { spacingMs, from: -ticks })
  for (let pair = 0; pair < pairs; pair++)
    for (const call of cutIntoCalls(trades, 1000)) await store.insert(pair, call)
  await store.settle()
}

/** Sends what is due by the clock, as sockets and screens do, whether or not earlier things are done. */
class Feed {
  readonly #store: ReadableStore
  readonly #calls: readonly (readonly Tick[])[]
  #inserts = 0

  constructor(store: ReadableStore, calls: readonly (readonly Tick[])[]) {
    this.#store = store
    this.#calls = calls
  }

  async run(seconds: number): Promise<Measured> {
    const took: Record<Kind, number[]> = { inserts: [], ticks: [], candles: [] }
    const cpu = process.cpuUsage()
    let servedInTime = 0
    const load = await eventLoopDuring(async () => {
      const sent = { inserts: 0, ticks: 0, candles: 0 }
      const everything: Promise<void>[] = []
      let startedAt = Infinity
      const sendWhatIsDue = (): void => {
        startedAt = Math.min(startedAt, performance.now())
        const passed = Math.min(performance.now() - startedAt, seconds * 1000)
        for (const kind of kinds)
          while (sent[kind] < (passed / 1000) * perSecond[kind]) {
            // From when it was due: what a busy loop delays is waited for, too.
            const dueAt = startedAt + (sent[kind] * 1000) / perSecond[kind]
            const at = sent[kind]++
            everything.push(
              this.#send(kind, at).then(() => void took[kind].push(performance.now() - dueAt)),
            )
          }
      }
      await onBeats(sendWhatIsDue, { everyMs: 1000 / perSecond.inserts, ms: seconds * 1000 })
      servedInTime = took.ticks.length + took.candles.length
      await Promise.all(everything)
    })
    const { user, system } = process.cpuUsage(cpu)
    const quantiles = (share: number): Record<Kind, number> => ({
      inserts: quantile(took.inserts, share),
      ticks: quantile(took.ticks, share),
      candles: quantile(took.candles, share),
    })
    return {
      p50: quantiles(0.5),
      p99: quantiles(0.99),
      served: servedInTime / seconds,
      utilisation: load.utilisation,
      cpuShare: (user + system) / 1e6 / seconds,
    }
  }

  async #send(kind: Kind, at: number): Promise<void> {
    if (kind === 'inserts') {
      const next = this.#inserts++
      await this.#store.insert(next % pairs, this.#calls[Math.floor(next / pairs)]!)
    } else if (kind === 'ticks') await this.#store.lastTicks(at % pairs, 100)
    else await this.#store.lastCandles(at % pairs, 500)
  }
}

function rowsOf(measured: Record<'ours' | 'sqlite', readonly Measured[]>): BenchRow[] {
  const of = (side: 'ours' | 'sqlite', figure: (each: Measured) => number): number =>
    median(measured[side].map(figure))
  const row = (
    what: string,
    unit: string,
    figure: (each: Measured) => number,
    target?: BenchTarget,
  ): BenchRow => ({
    name: `20,000 ticks/s over 100 pairs, 400 reads/s: ${what}`,
    value: of('ours', figure),
    unit,
    comparedWith: `SQLite, one file: ${of('sqlite', figure).toFixed(2)} ${unit}`,
    ratio: of('ours', figure) / of('sqlite', figure),
    ...(target === undefined ? {} : { target }),
  })
  return [
    row('insert p50', 'ms', (each) => each.p50.inserts, { atMost: 0.2 }),
    row('insert p99', 'ms', (each) => each.p99.inserts, { atMost: 1 }),
    row('last 100 ticks p50', 'ms', (each) => each.p50.ticks, { atMost: 1.5 }),
    row('last 100 ticks p99', 'ms', (each) => each.p99.ticks, { atMost: 1 }),
    row('last 500 candles p50', 'ms', (each) => each.p50.candles, { atMost: 1.5 }),
    row('last 500 candles p99', 'ms', (each) => each.p99.candles, { atMost: 1 }),
    row('event-loop utilisation', 'of 1', (each) => each.utilisation, { atMost: 0.5, of: 'value' }),
    row('reads served in time', '/s', (each) => each.served, { atLeast: 396, of: 'value' }),
    row('CPU', 's/s', (each) => each.cpuShare),
  ]
}
