import { setTimeout as delay } from 'node:timers/promises'
import { PairduckError } from '../../errors.ts'
import { resolveOptions, rule } from '../../options.ts'
import type { RetentionRules } from '../../schema/retention-policy.ts'
import { blockSizes, type BlockSize } from '../duckdb/block-size.ts'
import type { Engine } from '../duckdb/engine.ts'
import { blockSizeFor } from '../file/block-size-for.ts'
import { sizeOf, type PairFiles } from '../file/pair-files.ts'
import type { ConnectionPool } from '../pool/connection-pool.ts'
import { compactFile } from './compact-file.ts'

/** Options of `repack`. */
export interface RepackOptions {
  /**
   * Bytes of a block: 16384, 65536 or 262144. Default: what suits the time that the pair's ticks are
   * kept: 65536 from a day on, 16384 below.
   */
  readonly blockSize?: BlockSize | undefined
}

/** What `repack` did to a pair's file. */
export interface RepackReport {
  /** The pair as text: `exchange/market/symbol`. */
  readonly pair: string
  /** Bytes of the file before. */
  readonly bytesBefore: number
  /** Bytes of the file afterwards. */
  readonly bytesAfter: number
  /** Bytes of a block before. */
  readonly blockSizeBefore: number
  /** Bytes of a block afterwards. */
  readonly blockSizeAfter: BlockSize
}

export function resolveRepackOptions(options: RepackOptions | undefined): {
  readonly blockSize: BlockSize | undefined
} {
  return resolveOptions('repack', options, {
    blockSize: rule<BlockSize | undefined>(
      blockSizes.join(' or '),
      (value) => blockSizes.includes(value as BlockSize),
      undefined,
    ),
  })
}

/**
 * Writes a pair's file anew, with blocks of the size that its rules ask for or the caller, as soon as
 * nobody of this process uses the pair.
 */
export async function repackPair(
  known: { readonly pair: string; readonly rules: RetentionRules; readonly blockSize: number },
  files: PairFiles,
  asked: BlockSize | undefined,
  { pool, engine, timeoutMs }: { pool: ConnectionPool; engine: Engine; timeoutMs: number },
): Promise<RepackReport> {
  const { pair } = known
  const blockSizeAfter = asked ?? blockSizeFor(known.rules)
  return whenUnused(timeoutMs, () =>
    pool.whileClosed(
      pair,
      async () => {
        const bytesBefore = await bytesOf(files)
        if (!(await compactFile(files, engine, blockSizeAfter)))
          throw new PairduckError(
            'PAIR_LOCKED',
            `${pair}: not all of its write-ahead log could be put into its file: another process has it, or a transaction is open`,
          )
        return {
          pair,
          bytesBefore,
          bytesAfter: await bytesOf(files),
          blockSizeBefore: known.blockSize,
          blockSizeAfter,
        }
      },
      'repack',
    ),
  )
}

async function bytesOf({ database }: PairFiles): Promise<number> {
  return (await sizeOf(database)) ?? 0
}

/** Tries until the pair is in use no more, and not longer than so. */
async function whenUnused<T>(timeoutMs: number, work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + timeoutMs
  for (let pauseMs = 1; ; pauseMs = Math.min(2 * pauseMs, 50)) {
    try {
      return await work()
    } catch (error) {
      const isHere = PairduckError.is(error, 'PAIR_LOCKED') && error.details['pid'] === process.pid
      if (!isHere || performance.now() >= deadline) throw error
      await delay(pauseMs)
    }
  }
}
