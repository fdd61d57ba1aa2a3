/** DuckDB's checksum of a block, a header or a log entry: the seed, and per word a product XORed in. */
const seed = { low: 5381, high: 0 }
const wordFactor = { low: 0x1ce4e5b9, high: 0xbf58476d }
const tailFactor = 0xc6a4a7935bd1e995n
const tailSeed = 0xe17a1465n
const mask64 = (1n << 64n) - 1n

/**
 * The checksum that DuckDB stores before these bytes. Words are multiplied in two halves: with
 * BigInt a block of 16 KB takes seven times longer.
 */
export function checksumOf(bytes: Buffer): bigint {
  let { low, high } = seed
  const whole = bytes.length & ~7
  for (let at = 0; at < whole; at += 8) {
    const wordLow = bytes.readUInt32LE(at)
    const wordHigh = bytes.readUInt32LE(at + 4)
    low ^= Math.imul(wordLow, wordFactor.low)
    high ^=
      highOfProduct(wordLow, wordFactor.low) +
      Math.imul(wordLow, wordFactor.high) +
      Math.imul(wordHigh, wordFactor.low)
  }
  const words = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)
  return whole === bytes.length ? words : words ^ checksumOfTail(bytes.subarray(whole))
}

const factor = (BigInt(wordFactor.high) << 32n) | BigInt(wordFactor.low)
const inverse = inverseOf(factor)

/** What a word has to become for the checksum over it to differ by this (XOR). */
export function wordChangedBy(word: bigint, difference: bigint): bigint {
  return (((word * factor) ^ difference) * inverse) & mask64
}

/** Of an odd number, modulo 2^64; each step doubles the bits that are right, three at first. */
function inverseOf(odd: bigint): bigint {
  let found = odd
  for (let bits = 3; bits < 64; bits *= 2) found = (found * (2n - odd * found)) & mask64
  return found
}

/** The upper 32 bits of the product of two numbers of 32 bits. */
function highOfProduct(a: number, b: number): number {
  const [aLow, aHigh, bLow, bHigh] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16]
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16)
  const crossing = aLow * bHigh + (middle & 0xffff)
  return (aHigh * bHigh + (middle - (middle & 0xffff)) / 0x10000 + (crossing >>> 16)) | 0
}

/** The last one to seven bytes are hashed another way. */
function checksumOfTail(tail: Buffer): bigint {
  let hash = tailSeed ^ ((BigInt(tail.length) * tailFactor) & mask64)
  let value = 0n
  for (const [index, byte] of tail.entries()) value |= BigInt(byte) << BigInt(8 * index)
  hash = ((hash ^ value) * tailFactor) & mask64
  hash ^= hash >> 47n
  hash = (hash * tailFactor) & mask64
  return hash ^ (hash >> 47n)
}
