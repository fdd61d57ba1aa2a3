import { policyOf, type RetentionRules } from '../../schema/retention-policy.ts'
import { largeBlocks, smallBlocks, type BlockSize } from '../duckdb/block-size.ts'

/**
 * Files with some 40,000 ticks are of the same size with either, smaller ones are smaller with small
 * blocks: a day of a tick every two seconds.
 */
const longMs = 86_400_000

/** The size of blocks that suits a pair whose ticks are kept by these rules. */
export function blockSizeFor(rules: RetentionRules): BlockSize {
  const { keepMs } = policyOf(rules).ticks
  return keepMs === 'forever' || keepMs >= longMs ? largeBlocks : smallBlocks
}
