import type { DuckDBConnection } from '@duckdb/node-api'
import { bringBackRules } from '../file/retention-rules.ts'
import type { PairState } from '../file/state-file.ts'
import type { LostCount } from './repair-rescued.ts'

/**
 * Gives a rescued file the retention rules that the state file tells of: without them the next
 * cleanup deletes by the default what was to be kept. Returns what there is to say about it.
 */
export async function repairRules(
  connection: DuckDBConnection,
  unread: LostCount | undefined,
  before: PairState | undefined,
): Promise<string[]> {
  if (await bringBackRules(connection, before))
    return ['retention_rules: taken from the state file']
  return unread === undefined || before?.retention !== undefined
    ? []
    : [
        'retention_rules: no state file tells of them, a table whose rule is lost follows the default',
      ]
}
