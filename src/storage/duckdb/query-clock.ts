import type { DuckDBConnection } from '@duckdb/node-api'
import { nowVariable } from '../../schema/query-clock.ts'
import { microsFromMs, type Clock } from '../../time.ts'

/** Binds `now` of a query that asks for it to a clock that is not the system's. */
export async function bindClock(
  connection: DuckDBConnection,
  sql: string,
  clock: Clock,
): Promise<void> {
  if (clock === Date.now || !sql.includes(nowVariable)) return
  await connection.run(`SET VARIABLE ${nowVariable} = ${microsFromMs(clock())}::BIGINT`)
}
