/** 100 pairs, 64 callers in all: calls of 1 to 1,000 ticks, replays, random ids. */
import { interleave, median } from '../harness/interleave.ts'
import { collectGarbage } from '../harness/memory.ts'
import type { BenchRow, BenchTarget } from '../harness/row.ts'
import { inScratchFolder } from '../harness/scratch-folder.ts'
import { Callers, type Stretch } from './callers.ts'
import { peerPackages } from './packages.ts'
import type { PeerStore } from './store.ts'
import { DuckDbStore } from './stores/duckdb-store.ts'
import { LmdbStore, type Lmdb } from './stores/lmdb-store.ts'
import { PairduckStore } from './stores/pairduck-store.ts'
import type { Sqlite } from './stores/sqlite-file.ts'
import { SqliteStore } from './stores/sqlite-store.ts'
import { makeCalls, type StreamKind } from './streams.ts'

const pairs = 100
const rounds = 3

const sides = {
  ours: 'pairduck',
  sqlite: 'SQLite, one file',
  sqlitePerPair: 'SQLite, a file per pair',
  lmdb: 'LMDB',
  duckdb: 'DuckDB, a transaction per call',
} as const
type SideName = keyof typeof sides
const peers = (Object.keys(sides) as SideName[]).filter((name) => name !== 'ours')

/** `most`: what no side does in a second; so many ticks are made. */
const sizes = [
  { callSize: 1, most: 80_000, atLeast: 2 },
  { callSize: 10, most: 450_000, atLeast: 2 },
  { callSize: 100, most: 1_200_000, atLeast: 1.3 },
  { callSize: 1000, most: 2_500_000, atLeast: 1.3 },
]
type Size = (typeof sizes)[number]

type Measured = Record<SideName, Stretch>

export async function insertRows(full: boolean): Promise<BenchRow[]> {
  const seconds = full ? 10 : 2
  const rows: BenchRow[] = []
  for (const size of sizes) {
    const plain = await measure('ascending', size, seconds)
    rows.push(...besidePeers(size, plain))
    if (size.callSize > 10 && !full) continue
    for (const kind of ['replays', 'random ids'] as const)
      rows.push(besideOurselves(size, kind, await measure(kind, size, seconds), plain))
  }
  return rows
}

/** All sides in turn, each with its own files and the same calls. */
function measure(kind: StreamKind, { callSize, most }: Size, seconds: number): Promise<Measured> {
  return inScratchFolder(async (folder) => {
    const ticks = Math.ceil((most * seconds * (rounds + 1)) / pairs / callSize) * callSize
    const calls = makeCalls(kind, ticks, callSize)
    const stores = await openStores(folder)
    const cpu = new Map<SideName, number[]>()
    const side = (name: SideName): (() => Promise<number>) => {
      const callers = new Callers(stores[name], pairs, calls)
      return async () => {
        await collectGarbage()
        const { ticksPerSecond, cpuMicros } = await callers.run(seconds)
        cpu.set(name, [...(cpu.get(name) ?? []), cpuMicros])
        return ticksPerSecond
      }
    }
    const rates = await interleave(mapSides(side), { rounds })
    await Promise.all(Object.values(stores).map((store) => store.close()))
    return mapSides((name) => ({
      ticksPerSecond: rates[name],
      cpuMicros: median(cpu.get(name)!.slice(1)),
    }))
  })
}

async function openStores(folder: string): Promise<Record<SideName, PeerStore>> {
  const load = await peerPackages()
  const sqlite = load('better-sqlite3') as Sqlite
  return {
    ours: await PairduckStore.open(`${folder}/pairduck`, pairs),
    sqlite: SqliteStore.open(sqlite, `${folder}/sqlite`, 1),
    sqlitePerPair: SqliteStore.open(sqlite, `${folder}/sqlite-per-pair`, pairs),
    lmdb: new LmdbStore(load('lmdb') as Lmdb, `${folder}/lmdb`),
    duckdb: await DuckDbStore.open(`${folder}/naive.duckdb`),
  }
}

function besidePeers({ callSize, atLeast }: Size, measured: Measured): BenchRow[] {
  const { ours } = measured
  const best = bestOf(peers, (name) => measured[name].ticksPerSecond)
  const leanest = bestOf(peers, (name) => -measured[name].cpuMicros)
  return [
    {
      ...rateRow(`calls of ${callSize.toLocaleString('en')}`, measured),
      ratio: ours.ticksPerSecond / measured[best].ticksPerSecond,
      target: { atLeast },
    },
    {
      name: `100 pairs, 64 callers in all, calls of ${callSize.toLocaleString('en')}: CPU, with the files`,
      value: ours.cpuMicros,
      unit: 'µs/tick',
      comparedWith: `${sides[leanest]}: ${measured[leanest].cpuMicros.toFixed(1)} µs`,
      ratio: ours.cpuMicros / measured[leanest].cpuMicros,
    },
  ]
}

function besideOurselves(
  { callSize }: Size,
  kind: StreamKind,
  measured: Measured,
  plain: Measured,
): BenchRow {
  const said = { 'random ids': 'random ids', replays: '30 % replays, 5 % late', ascending: '' }
  const target: BenchTarget = { atLeast: 0.7 }
  const row = rateRow(`calls of ${callSize}, ${said[kind]}`, measured)
  return {
    ...row,
    comparedWith: `our own rate without: ${told(plain.ours.ticksPerSecond)}; ${row.comparedWith}`,
    ratio: measured.ours.ticksPerSecond / plain.ours.ticksPerSecond,
    target,
  }
}

function rateRow(what: string, measured: Measured): Omit<BenchRow, 'ratio'> {
  return {
    name: `100 pairs, 64 callers in all, ${what}`,
    value: measured.ours.ticksPerSecond,
    unit: 'ticks/s',
    comparedWith: peers
      .toSorted((a, b) => measured[b].ticksPerSecond - measured[a].ticksPerSecond)
      .map((name) => `${sides[name]}: ${told(measured[name].ticksPerSecond)}`)
      .join('; '),
  }
}

function mapSides<T>(of: (name: SideName) => T): Record<SideName, T> {
  const names = Object.keys(sides) as SideName[]
  return Object.fromEntries(names.map((name) => [name, of(name)])) as Record<SideName, T>
}

function bestOf(names: readonly SideName[], figure: (name: SideName) => number): SideName {
  return names.reduce((best, name) => (figure(name) > figure(best) ? name : best))
}

function told(ticksPerSecond: number): string {
  return `${Math.round(ticksPerSecond).toLocaleString('en')}/s`
}
