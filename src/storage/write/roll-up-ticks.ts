import type { DuckDBConnection } from '@duckdb/node-api'
import { mergeAllSql, needsMergingSql, rollUpSql } from '../../schema/roll-up.ts'
import {
  hasUnknownSwingsSql,
  knowSwingsSql,
  unknownSwingsSql,
  type UnknownSwing,
} from '../../schema/unknown-swings.ts'
import type { Timeframe } from '../../time.ts'
import { readRows } from '../duckdb/read-rows.ts'
import { inTransaction } from '../duckdb/transaction.ts'

/** Moves the ticks of [from, until), in µs, into the candle parts, of which there is one of each bar then. */
export async function rollUpTicks(
  connection: DuckDBConnection,
  candles: readonly Timeframe[],
  times: { readonly from: number; readonly until: number },
): Promise<void> {
  await inTransaction(connection, async () => {
    await mergeCandleParts(connection)
    await connection.run(rollUpSql(candles, times))
    await knowSwings(connection, candles, times.until)
  })
}

/** Makes known how far the delta came in bars into which ticks came late. */
async function knowSwings(
  connection: DuckDBConnection,
  candles: readonly Timeframe[],
  until: number,
): Promise<void> {
  const { rowCount } = await connection.run(hasUnknownSwingsSql)
  if (rowCount === 0) return
  const unknown = await readRows<UnknownSwing>(connection, unknownSwingsSql)
  const statements = knowSwingsSql(unknown, { candles, until })
  if (statements.length > 0) await connection.run(statements.join(';\n'))
}

/** Leaves one part of each bar, where that is not known already; to be run in one transaction. */
export async function mergeCandleParts(connection: DuckDBConnection): Promise<void> {
  const unmerged = await connection.run(needsMergingSql)
  if (unmerged.rowCount > 0) await connection.run(mergeAllSql)
}
