/** Bytes of a block of a pair's file. */
export type BlockSize = 16_384 | 65_536 | 262_144

/** What a file can have: of the engine's sizes those that were tried with cut-off checkpoints. */
export const blockSizes: readonly BlockSize[] = [16_384, 65_536, 262_144]

/** A file of little is small: each of its tables has a block of its own. */
export const smallBlocks: BlockSize = 16_384
/**
 * From here on the engine packs timestamps instead of storing eight bytes of each, while a row group
 * of ours still fills a block. The engine's own 256 KB stay half empty with such row groups.
 */
export const largeBlocks: BlockSize = 65_536
