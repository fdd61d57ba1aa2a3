import type { DuckDBConnection } from '@duckdb/node-api'
import type { RetentionRule, RetentionRules } from '../../schema/retention-policy.ts'
import { readRows } from '../duckdb/read-rows.ts'
import { inTransaction } from '../duckdb/transaction.ts'

/** The rules that a pair's file holds. */
export async function readRules(connection: DuckDBConnection): Promise<RetentionRules> {
  const rows = await readRows<{
    relation: string
    keepMs: number | null
    everyMs: number
    maxRows: number | null
    action: 'delete' | 'archive'
  }>(
    connection,
    `SELECT relation, keep_ms AS "keepMs", every_ms AS "everyMs", max_rows AS "maxRows", action AS "action"
     FROM retention_rules ORDER BY relation`,
  )
  return Object.fromEntries(
    rows.map(({ relation, keepMs, everyMs, maxRows, action }) => [
      relation,
      {
        keepMs: keepMs ?? 'forever',
        everyMs,
        ...(maxRows !== null && { maxRows }),
        ...(action === 'archive' && { then: action }),
      },
    ]),
  )
}

/** Puts rules into the file in place of those for the same tables; returns all that it holds then. */
export async function storeRules(
  connection: DuckDBConnection,
  rules: RetentionRules,
): Promise<RetentionRules> {
  const given = Object.entries(rules)
  await inTransaction(connection, () =>
    connection.run(
      [
        `DELETE FROM retention_rules WHERE relation IN (${given.map(([name]) => `'${name}'`).join(', ')})`,
        `INSERT INTO retention_rules (relation, keep_ms, every_ms, max_rows, action)
         VALUES ${given.map(([name, rule]) => valuesOf(name, rule)).join(', ')}`,
      ].join(';\n'),
    ),
  )
  return readRules(connection)
}

/** Sees to it that a file holds the rules; `isRuled`: it held them already. */
export async function keepRules(
  connection: DuckDBConnection,
  given: RetentionRules,
): Promise<{ rules: RetentionRules; isRuled: boolean }> {
  const held = await readRules(connection)
  const isRuled = holdsRules(held, given)
  return { rules: isRuled ? held : await storeRules(connection, given), isRuled }
}

function holdsRules(held: RetentionRules, rules: RetentionRules): boolean {
  return Object.entries(rules).every(([name, rule]) => {
    const there = held[name as keyof RetentionRules]
    return there !== undefined && valuesOf(name, there) === valuesOf(name, rule)
  })
}

function valuesOf(
  relation: string,
  { keepMs, everyMs, maxRows, then = 'delete' }: RetentionRule,
): string {
  return `('${relation}', ${keepMs === 'forever' ? 'NULL' : keepMs}, ${everyMs}, ${maxRows ?? 'NULL'}, '${then}')`
}
