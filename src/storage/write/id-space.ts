import type { DuckDBConnection } from '@duckdb/node-api'
import { PairduckError } from '../../errors.ts'
import { readRows } from '../duckdb/read-rows.ts'

/**
 * Writes down which of an exchange's ids the pair's trades carry, for good. `ID_SPACE` when it
 * holds those of another count: the same trade would be stored under both, and its volume twice.
 */
export async function claimIdSpace(
  connection: DuckDBConnection,
  pair: string,
  idSpace: string,
): Promise<void> {
  const [held] = await readRows<{ idSpace: string }>(
    connection,
    'SELECT id_space AS "idSpace" FROM pairduck_recording',
  )
  if (held === undefined)
    await readRows(connection, 'INSERT INTO pairduck_recording VALUES ($idSpace, now())', {
      idSpace,
    })
  else if (held.idSpace !== idSpace)
    throw new PairduckError(
      'ID_SPACE',
      `${pair} holds trades with the ids of "${held.idSpace}"; those of "${idSpace}" would be stored a second time under other ids: record them into another pair`,
      { pair, holds: held.idSpace, given: idSpace },
    )
}
