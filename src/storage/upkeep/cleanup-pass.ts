import { fromDuckDb } from '../duckdb/duckdb-errors.ts'
import type { CleanupResult } from '../events/outcomes.ts'

/** What a pass over all pairs did. */
export interface CleanupPass {
  /** Number of pairs. */
  readonly pairs: number
  /**
   * Pairs that were not cleaned: held by another process, damaged, a lease in the way, or a folder
   * that cannot be looked at.
   */
  readonly skipped: number
  /** Why the folders of exchanges or markets whose pairs no pass can see cannot be looked at. */
  readonly unreadable: readonly string[]
  /** Rows deleted in all pairs. */
  readonly deletedRows: number
  /** Bytes of files and write-ahead logs before. */
  readonly bytesBefore: number
  /** Bytes of files and write-ahead logs afterwards. */
  readonly bytesAfter: number
  /** Duration in milliseconds. */
  readonly tookMs: number
  /** One result per pair. */
  readonly results: readonly CleanupResult[]
}

/** The results of a pass with their sums. */
export function passOf(
  results: readonly CleanupResult[],
  unreadable: readonly string[],
  tookMs: number,
): CleanupPass {
  const sum = (of: (result: CleanupResult) => number): number =>
    results.reduce((total, result) => total + of(result), 0)
  return {
    pairs: results.length,
    skipped: results.filter(({ skipped }) => skipped !== undefined).length,
    deletedRows: sum(({ deleted }) =>
      Object.values(deleted).reduce((rows, each) => rows + each, 0),
    ),
    bytesBefore: sum(({ bytesBefore }) => bytesBefore),
    bytesAfter: sum(({ bytesAfter }) => bytesAfter),
    tookMs,
    results,
    unreadable,
  }
}

/** The result of a pair that a pass could not clean. */
export function notCleaned(pair: string, error: unknown): CleanupResult {
  const { code, message } = fromDuckDb(error, pair, 'QUERY_FAILED')
  return { pair, deleted: {}, skipped: `${code}: ${message}`, bytesBefore: 0, bytesAfter: 0 }
}
