import type { Pair } from '../../pair.ts'
import { isEngineLost } from '../duckdb/duckdb-errors.ts'
import type { PairFiles } from '../file/pair-files.ts'
import { PairDatabase, type PairContext } from './pair-database.ts'

/** Opens a pair; when another pair ended the engine meanwhile, in the engine that takes its place. */
export async function openPair(
  pair: Pair,
  files: PairFiles,
  context: PairContext,
): Promise<PairDatabase> {
  try {
    return await PairDatabase.open(pair, files, context)
  } catch (error) {
    if (!isEngineLost(error)) throw error
    return PairDatabase.open(pair, files, context)
  }
}
