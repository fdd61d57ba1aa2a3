import type { DuckDBConnection } from '@duckdb/node-api'
import { randomBytes } from 'node:crypto'
import { shown } from '../../errors.ts'
import type { PairLike } from '../../pair.ts'
import { readRows } from '../duckdb/read-rows.ts'

/** An attached pair and the schema that it shall be; undefined: what unqualified names mean. */
export interface PairSchema {
  readonly schema: string | undefined
  readonly alias: string
}

const taken = new Set(['main', 'temp', 'system', 'memory', 'information_schema', 'pg_catalog'])

/** The pairs of a call by the names that they are given in it; throws TypeError for what is none. */
export function checkPairNames(pairs: Readonly<Record<string, PairLike>>): [string, PairLike][] {
  if (typeof pairs !== 'object' || pairs === null || Array.isArray(pairs))
    throw new TypeError(`queryPairs: expected pairs by name, got ${shown(pairs)}`)
  const named = Object.entries(pairs)
  if (named.length === 0) throw new TypeError('queryPairs: no pair is named')
  const seen = new Set<string>()
  for (const [name] of named) {
    const lower = name.toLowerCase()
    if (!/^[a-z_]\w{0,62}$/i.test(name) || taken.has(lower))
      throw new TypeError(
        `queryPairs: ${shown(name)} cannot name a pair: expected letters, digits and _, no digit first, and none of ${[...taken].join(' ')}`,
      )
    if (seen.has(lower)) throw new TypeError(`queryPairs: two pairs are named ${shown(lower)}`)
    seen.add(lower)
  }
  return named
}

/**
 * Runs `work` where each pair is a schema of its name: views on all that it holds, in a database in
 * memory that is gone afterwards.
 */
export async function withPairSchemas<T>(
  connection: DuckDBConnection,
  { own, schemas }: { own: string; schemas: readonly PairSchema[] },
  work: () => Promise<T>,
): Promise<T> {
  const database = `across_${randomBytes(4).toString('hex')}`
  await connection.run(`ATTACH ':memory:' AS ${database}`)
  try {
    for (const { schema = 'main', alias } of schemas) {
      if (schema !== 'main') await connection.run(`CREATE SCHEMA ${database}."${schema}"`)
      for (const name of await relationsOf(connection, alias))
        await connection.run(
          `CREATE VIEW ${database}."${schema}".${name} AS SELECT * FROM ${alias}.main.${name}`,
        )
    }
    await connection.run(`USE ${database}`)
    return await work()
  } finally {
    await connection.run(`USE ${own}`).catch(() => undefined)
    await connection.run(`DETACH ${database}`).catch(() => undefined)
  }
}

async function relationsOf(connection: DuckDBConnection, alias: string): Promise<string[]> {
  const rows = await readRows<{ name: string }>(
    connection,
    `SELECT table_name AS name FROM duckdb_tables() WHERE database_name = '${alias}' AND schema_name = 'main'
     UNION ALL SELECT view_name FROM duckdb_views()
     WHERE database_name = '${alias}' AND schema_name = 'main' AND NOT internal`,
  )
  return rows.map(({ name }) => `"${name.replaceAll('"', '""')}"`)
}
