/** Bars of one pair: by our builders, from candles that SQLite keeps, and by the plainest SQL over ticks. */
import type { DuckDBConnection } from '@duckdb/node-api'
import {
  calculateCvdBarsQuery,
  detectFvgQuery,
  getCandlesQuery,
  type Query,
} from '../../src/index.ts'
import { interleave } from '../harness/interleave.ts'
import type { BenchRow } from '../harness/row.ts'
import { inScratchFolder } from '../harness/scratch-folder.ts'
import { bars } from '../queries/bars.ts'
import { detectors } from '../queries/detectors.ts'
import { cutIntoCalls, makeTrades, tickSpacingMs } from '../storage/trades.ts'
import { peerPackages } from './packages.ts'
import { PairduckStore } from './stores/pairduck-store.ts'
import type { Sqlite, SqliteDatabase } from './stores/sqlite-file.ts'
import { SqliteStore } from './stores/sqlite-store.ts'

interface Question {
  readonly name: string
  readonly query: Query<object>
  /** Over the candles of a minute that SQLite keeps. */
  readonly sqlite: string
  /** The plainest SQL in our engine, by its name in bench/queries. */
  readonly plain: string
  /** What SQLite's candles cannot tell of the answer. */
  readonly without?: string
}

const stored = `FROM candles WHERE timeframe = 60000 AND pair = 0`

const questions: readonly Question[] = [
  {
    name: 'all candles of 1m',
    query: getCandlesQuery({ timeframe: '1m' }),
    sqlite: `SELECT * ${stored} ORDER BY open_time`,
    plain: 'candles of 1m from ticks',
  },
  {
    name: 'fair value gaps of 1m',
    query: detectFvgQuery({ timeframe: '1m' }),
    // With fills, as ours: each gap beside the bars after it.
    sqlite: `
      WITH bar AS (SELECT open_time AS t, high, low ${stored}),
      numbered AS (
        SELECT *, lag(t) OVER w AS middle, lag(high, 2) OVER w AS h, lag(low, 2) OVER w AS l
        FROM bar WINDOW w AS (ORDER BY t)
      ), gap AS (
        SELECT t, middle, 1 AS direction, h AS bottom, low AS top FROM numbered WHERE h < low
        UNION ALL SELECT t, middle, -1, high, l FROM numbered WHERE l > high
      )
      SELECT gap.middle, direction, bottom, top,
        min(1, max(0, max(iif(direction = 1, top - later.low, later.high - bottom)) / (top - bottom)))
      FROM gap LEFT JOIN bar AS later ON later.t > gap.t
      GROUP BY gap.t, gap.middle, direction, bottom, top ORDER BY gap.middle`,
    plain: 'fair value gaps of candles_1m',
  },
  {
    name: 'CVD bars of 1m',
    query: calculateCvdBarsQuery({ timeframe: '1m' }),
    sqlite: `
      SELECT open_time, 2 * buy_volume - volume AS delta,
        sum(2 * buy_volume - volume) OVER (ORDER BY open_time) AS close ${stored} ORDER BY open_time`,
    plain: 'CVD bars of 1m',
    without: 'the extremes',
  },
]

export async function analytics(full: boolean): Promise<BenchRow[]> {
  const rows: BenchRow[] = []
  for (const ticks of full ? [45_000, 450_000, 4_500_000] : [45_000, 450_000])
    rows.push(...(await over(ticks)))
  return rows
}

function over(ticks: number): Promise<BenchRow[]> {
  return inScratchFolder(async (folder) => {
    const load = await peerPackages()
    const ours = await PairduckStore.open(`${folder}/pairduck`, 1)
    const sqlite = SqliteStore.open(load('better-sqlite3') as Sqlite, `${folder}/sqlite`, 1)
    const trades = makeTrades(ticks, Date.now() - ticks * tickSpacingMs)
    for (const call of cutIntoCalls(trades, 5000)) {
      await ours.insert(0, call)
      await sqlite.insert(0, call)
    }
    const { database } = sqlite.files[0]!
    const rows: BenchRow[] = []
    for (const question of questions) rows.push(await ask(question, ticks, ours, database))
    await ours.close()
    await sqlite.close()
    return rows
  })
}

async function ask(
  { name, query, sqlite, plain, without }: Question,
  ticks: number,
  { db, names }: PairduckStore,
  database: SqliteDatabase,
): Promise<BenchRow> {
  const plainSql = [...bars, ...detectors].find((each) => each.name === plain)!.plainSql
  const statement = database.prepare(sqlite)
  const ms = await db.withConnection(names[0]!, ({ connection }) =>
    interleave(
      {
        ours: async () => void (await db.query(names[0]!, query)),
        sqlite: () => void statement.all(),
        plain: () => plainly(connection, plainSql),
      },
      { rounds: ticks > 1_000_000 ? 5 : 11, warmups: 2 },
    ),
  )
  const lacking = without === undefined ? '' : `, without ${without}`
  return {
    name: `${name}, ${ticks.toLocaleString('en')} ticks`,
    value: ms.ours,
    unit: 'ms',
    comparedWith: `SQLite from candles it keeps${lacking}: ${ms.sqlite.toFixed(2)} ms; the plainest SQL in our engine: ${ms.plain.toFixed(1)} ms`,
    ratio: ms.ours / ms.sqlite,
    target: { atMost: 1.5 },
  }
}

async function plainly(connection: DuckDBConnection, sql: string): Promise<void> {
  const reader = await connection.runAndReadAll(sql)
  reader.getRowObjectsJS()
}
