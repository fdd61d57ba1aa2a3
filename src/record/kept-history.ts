import { PairduckError } from '../errors.ts'
import { query } from '../queries/query.ts'
import type { DatabaseManager } from '../storage/database-manager.ts'
import type { RecordListener } from './record-events.ts'

/**
 * Whether no trade was ever stored of a pair, and nobody gave it rules. Its file may be there: a
 * recorder that was killed early leaves one without a row.
 */
export async function isUnknown(db: DatabaseManager, pair: string): Promise<boolean> {
  try {
    const [held] = await db.query(pair, heldTrades)
    return held?.isNone === true
  } catch (error) {
    if (PairduckError.is(error, 'PAIR_NOT_FOUND')) return true
    // Whoever has it for a moment has something: writes wait for their turn, which come next.
    if (PairduckError.is(error, 'PAIR_LOCKED')) return false
    throw error
  }
}

/**
 * Who records wants to have it: a new pair keeps everything, where nobody said otherwise. The
 * default of 15 minutes is for engines that look at the last minutes alone.
 */
export async function keepEverything(
  db: DatabaseManager,
  pair: string,
  tell: RecordListener,
): Promise<void> {
  const [held] = await db.query(pair, heldRules)
  if (held !== undefined && held.rules > 0) return
  await db.setRetention(pair, 'forever')
  tell({ type: 'kept', pair, retention: 'forever' })
}

const heldRules = query<{ rules: number }>(
  'heldRules',
  'SELECT count(*)::INTEGER AS "rules" FROM retention_rules',
)

const heldTrades = query<{ isNone: boolean }>(
  'heldTrades',
  `SELECT NOT EXISTS (FROM retention_rules) AND NOT EXISTS (FROM ticks)
     AND NOT EXISTS (FROM pairduck_marks WHERE relation NOT LIKE '%:visited') AS "isNone"`,
)
