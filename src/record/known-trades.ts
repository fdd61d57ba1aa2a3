import type { CcxtTrade } from '../ccxt/ccxt-objects.ts'
import { PairduckError } from '../errors.ts'
import { query } from '../queries/query.ts'
import type { Gap } from '../schema/gaps.ts'
import type { DatabaseManager } from '../storage/database-manager.ts'

/** What a pair's file says when recording begins. */
export interface KnownTrades {
  /** The newest stored trade, of which id and time are known. */
  readonly newest: CcxtTrade | undefined
  /** Where none is stored: from when on trades are wanted, or since when none is. */
  readonly beginning: number | undefined
  readonly gaps: readonly Gap[]
}

interface Newest {
  readonly id: string | null
  readonly timestamp: number | null
  readonly deletedBefore: number | null
}

/** A pair that does not exist yet knows nothing. `backfillMs` before now trades are wanted then. */
export async function readKnownTrades(
  db: DatabaseManager,
  pair: string,
  backfillMs: number,
): Promise<KnownTrades> {
  const wanted = backfillMs > 0 ? Date.now() - backfillMs : undefined
  try {
    const gaps = await db.gaps(pair)
    const [row] = await db.query(pair, newestTrade)
    if (row === undefined || row.timestamp === null)
      return { newest: undefined, beginning: row?.deletedBefore ?? wanted, gaps }
    return { newest: { id: row.id, timestamp: row.timestamp }, beginning: undefined, gaps }
  } catch (error) {
    if (!PairduckError.is(error, 'PAIR_NOT_FOUND')) throw error
    return { newest: undefined, beginning: wanted, gaps: [] }
  }
}

/** Of the newest second, in which trades may be out of order, the one with the largest id. */
const newestTrade = query<Newest>(
  'newestTrade',
  `SELECT
    (SELECT trade_id FROM ticks
     WHERE timestamp >= (SELECT max(timestamp) - INTERVAL 1 SECOND FROM ticks WHERE trade_id IS NOT NULL)
       AND trade_id IS NOT NULL
     ORDER BY length(trade_id) DESC, trade_id DESC LIMIT 1) AS "id",
    (SELECT max(timestamp) FROM ticks WHERE trade_id IS NOT NULL) AS "timestamp",
    (SELECT max(deleted_before) FROM pairduck_marks WHERE relation = 'ticks') AS "deletedBefore"`,
)
