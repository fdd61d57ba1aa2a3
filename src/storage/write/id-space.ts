import type { DuckDBConnection } from '@duckdb/node-api'
import { PairduckError } from '../../errors.ts'
import { idSpaces } from '../../schema/id-spaces.ts'
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
  const held = await heldIdSpace(connection)
  if (held === undefined)
    await readRows(connection, 'INSERT INTO pairduck_recording VALUES ($idSpace, now())', {
      idSpace,
    })
  else if (held !== idSpace)
    throw new PairduckError(
      'ID_SPACE',
      `${pair} holds trades with the ids of "${held}"; those of "${idSpace}" would be stored a second time under other ids: record them into another pair`,
      { pair, holds: held, given: idSpace },
    )
}

/** Of a pair whose ids an import made: the same trades without ids would be stored beside them. */
export async function refuseBesideMadeIds(
  connection: DuckDBConnection,
  pair: string,
): Promise<void> {
  if ((await heldIdSpace(connection)) !== idSpaces.made) return
  throw new PairduckError(
    'ID_SPACE',
    `${pair} holds trades whose ids an import made (--make-ids, \`makeIds\`), and without ids the same trades would be stored a second time: give it again; --no-ids (\`noIds\`) stores them whatever is there`,
    { pair, holds: idSpaces.made },
  )
}

async function heldIdSpace(connection: DuckDBConnection): Promise<string | undefined> {
  const [held] = await readRows<{ idSpace: string }>(
    connection,
    'SELECT id_space AS "idSpace" FROM pairduck_recording',
  )
  return held?.idSpace
}
