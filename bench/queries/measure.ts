import {
  BIGINT,
  DOUBLE,
  DuckDBInstance,
  type DuckDBConnection,
  type DuckDBResult,
} from '@duckdb/node-api'
import { createSchemaSql } from '../../src/schema/create.ts'
import { readRows } from '../../src/storage/duckdb/read-rows.ts'
import { interleave } from '../harness/interleave.ts'
import { collectGarbage } from '../harness/memory.ts'
import type { BenchRow } from '../harness/row.ts'
import { bars } from './bars.ts'
import type { QueryCase } from './case.ts'
import { detectors } from './detectors.ts'
import { footprints } from './footprints.ts'
import { javascriptLoops, type JavaScriptLoop, type TickObject } from './javascript-loops.ts'
import { fillMarket } from './market.ts'
import { profiles } from './profiles.ts'
import { totals } from './totals.ts'

export const queryCases: readonly QueryCase[] = [
  ...totals,
  ...bars,
  ...profiles,
  ...footprints,
  ...detectors,
]

/** Every builder over 45,000 ticks beside its plain SQL and beside a loop in JavaScript, interleaved. */
export async function measureQueries(
  cases: readonly QueryCase[] = queryCases,
  loops: readonly JavaScriptLoop[] = javascriptLoops,
): Promise<readonly BenchRow[]> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await instance.connect()
  await connection.run(`SET TimeZone = 'UTC'`)
  for (const statement of createSchemaSql()) await connection.run(statement)
  await fillMarket(connection)
  const rows: BenchRow[] = []
  for (const each of cases) rows.push(await besidePlainSql(connection, each))
  for (const each of loops) rows.push(await besideJavaScript(connection, each))
  connection.closeSync()
  instance.closeSync()
  return rows
}

async function besidePlainSql(
  connection: DuckDBConnection,
  { name, plainSql, query }: QueryCase,
): Promise<BenchRow> {
  const { plain, built } = await interleave(
    {
      plain: () =>
        cpuMs(async () => {
          await (await connection.run(plainSql)).fetchAllChunks()
        }),
      built: () =>
        cpuMs(async () => {
          await (await runQuery(connection, query)).fetchAllChunks()
        }),
    },
    { rounds: 31, warmups: 2 },
  )
  return {
    name: `${name}, 45,000 ticks`,
    value: built,
    unit: 'CPU ms',
    comparedWith: `plain SQL by hand (${plain.toFixed(2)} ms)`,
    ratio: built / plain,
    target: { atMost: 1.3 },
  }
}

async function besideJavaScript(
  connection: DuckDBConnection,
  { name, query, loop }: JavaScriptLoop,
): Promise<BenchRow> {
  // One side after the other: the collection of the loop's 45,000 objects goes on in threads of
  // its own long after the loop, and would be counted against the other side.
  const { built } = await interleave(
    { built: () => cpuMs(() => readQuery(connection, query)) },
    { rounds: 31, warmups: 5 },
  )
  const { javascript } = await interleave(
    {
      javascript: () =>
        cpuMs(async () => {
          const result = await connection.run(
            'SELECT timestamp, price, volume, side, trade_id FROM ticks',
          )
          loop((await result.getRowObjectsJS()) as unknown as TickObject[])
        }),
    },
    { rounds: 11, warmups: 2 },
  )
  await collectGarbage()
  return {
    name: `${name} in SQL, 45,000 ticks: times faster`,
    value: built,
    unit: 'CPU ms',
    comparedWith: `a loop over getRowObjectsJS rows (${javascript.toFixed(1)} ms)`,
    ratio: javascript / built,
    target: { atLeast: 5 },
  }
}

/** The process's own time, so that whatever else the machine does is left out. */
async function cpuMs(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

/** As the manager's `query` reads it. */
async function readQuery(
  connection: DuckDBConnection,
  { sql, params }: QueryCase['query'],
): Promise<void> {
  await readRows(connection, sql, params)
}

function runQuery(
  connection: DuckDBConnection,
  { sql, params }: QueryCase['query'],
): Promise<DuckDBResult> {
  // As storage does: without parameters the text is run in one hop.
  if (Object.keys(params).length === 0) return connection.run(sql)
  const types = Object.fromEntries(
    Object.entries(params).map(([name, value]) => [
      name,
      typeof value === 'number' ? DOUBLE : BIGINT,
    ]),
  )
  return connection.run(sql, { ...params }, types)
}
