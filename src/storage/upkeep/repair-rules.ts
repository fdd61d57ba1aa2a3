import type { DuckDBConnection } from '@duckdb/node-api'
import {
  resolveRules,
  type RetentionRule,
  type RetentionRules,
} from '../../schema/retention-policy.ts'
import type { Relation } from '../../schema/tables.ts'
import { readRules, storeRules } from '../file/retention-rules.ts'
import type { PairState } from '../file/state-file.ts'
import type { LostCount } from './repair-rescued.ts'

/**
 * Gives a rescued file the retention rules that the state file tells of: without them the next
 * cleanup deletes by the default what was to be kept. Of two rules for a table, one of which is an
 * older one, that which keeps more. Returns what there is to say about it.
 */
export async function repairRules(
  connection: DuckDBConnection,
  unread: LostCount | undefined,
  before: PairState | undefined,
): Promise<string[]> {
  const held = await readRules(connection)
  const known = Object.entries(rulesOf(before)).filter(([relation, rule]) =>
    keepsMore(rule, held[relation as Relation]),
  )
  if (known.length > 0) {
    await storeRules(connection, Object.fromEntries(known))
    return ['retention_rules: taken from the state file']
  }
  return unread === undefined || before?.retention !== undefined
    ? []
    : [
        'retention_rules: no state file tells of them, a table whose rule is lost follows the default',
      ]
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
