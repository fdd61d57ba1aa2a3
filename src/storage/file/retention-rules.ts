import type { DuckDBConnection } from '@duckdb/node-api'
import {
  resolveRules,
  type RetentionRule,
  type RetentionRules,
} from '../../schema/retention-policy.ts'
import type { Relation } from '../../schema/tables.ts'
import { readRows } from '../duckdb/read-rows.ts'
import { inTransaction } from '../duckdb/transaction.ts'
import type { PairState } from './state-file.ts'

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

/** Sees to it that a file that holds some rules holds those that are given; `isRuled`: it held them already. */
export async function keepRules(
  connection: DuckDBConnection,
  given: RetentionRules,
  held: RetentionRules,
): Promise<{ rules: RetentionRules; isRuled: boolean }> {
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

/**
 * Gives a file the rules that a state of it told of, where it holds none or others: of two rules for
 * a table, one of which is an older one, that which keeps more. Returns whether there were any.
 */
export async function bringBackRules(
  connection: DuckDBConnection,
  before: PairState | undefined,
): Promise<boolean> {
  const held = await readRules(connection)
  const known = Object.entries(rulesOf(before)).filter(([relation, rule]) =>
    keepsMore(rule, held[relation as Relation]),
  )
  if (known.length > 0) await storeRules(connection, Object.fromEntries(known))
  return known.length > 0
}

/** Only what can be a rule: anybody may have written to that file. */
function rulesOf(before: PairState | undefined): RetentionRules {
  const rules: Record<string, RetentionRule> = {}
  for (const [relation, rule] of Object.entries(before?.retention ?? {}))
    try {
      Object.assign(rules, resolveRules({ [relation]: rule }))
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
    }
  return rules
}

function keepsMore(one: RetentionRule, other: RetentionRule | undefined): boolean {
  if (other === undefined) return true
  const [mine, others] = [one, other].map(({ keepMs }) =>
    keepMs === 'forever' ? Infinity : keepMs,
  )
  return mine! > others! || (mine === others && one.then === 'archive' && other.then !== 'archive')
}
