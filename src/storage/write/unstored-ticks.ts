import type { DuckDBConnection } from '@duckdb/node-api'
import type { BatchColumns } from '../duckdb/batch-function.ts'
import { readRows } from '../duckdb/read-rows.ts'
import type { KnownTick } from '../front/recent-ticks.ts'

type Row = KnownTick & { readonly id: string | null }

/**
 * Those of the ticks in a slot of `pairduck_batch` that a file does not hold, and that retention has
 * not deleted. Two that are the same in all and have no id cannot be told apart: where one is
 * stored, both count as stored.
 */
export async function unstoredTicks(
  connection: DuckDBConnection,
  slot: number,
  deletedBefore: number,
): Promise<BatchColumns> {
  const mark = Number.isFinite(deletedBefore) ? `make_timestamp(${deletedBefore})` : `'-infinity'`
  const rows = await readRows<Row>(
    connection,
    `SELECT epoch_us(given.timestamp) AS micros, given.price, given.volume,
            if(given.side = 'BUY', 0, 1) AS side, given.trade_id AS id
     FROM pairduck_batch(${slot}) AS given ANTI JOIN ticks AS stored
       ON given.timestamp = stored.timestamp AND given.price = stored.price
      AND given.volume = stored.volume AND given.side::VARCHAR = stored.side::VARCHAR
      AND given.trade_id IS NOT DISTINCT FROM stored.trade_id
     WHERE given.timestamp >= ${mark}`,
  )
  return columnsOf(rows)
}

/** Rows as the columns of a batch. */
export function columnsOf(rows: readonly Row[]): BatchColumns {
  return {
    length: rows.length,
    micros: Float64Array.from(rows, ({ micros }) => micros),
    price: Float64Array.from(rows, ({ price }) => price),
    volume: Float64Array.from(rows, ({ volume }) => volume),
    side: Uint8Array.from(rows, ({ side }) => side),
    ids: rows.map(({ id }) => id),
  }
}

/** How many of a batch's ticks have no id. */
export function withoutId({ ids }: BatchColumns): number {
  return ids.reduce((count, id) => (id === null ? count + 1 : count), 0)
}
