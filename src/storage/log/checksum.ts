import zlib from 'node:zlib'

/** CRC-32 as zlib and Ethernet have it, of a part of a buffer. */
export function checksum(bytes: Uint8Array, from: number, to: number): number {
  const part = bytes.subarray(from, to)
  // Node has it from 20.15 and 22.2 on, and not in what lies between.
  return typeof zlib.crc32 === 'function' ? zlib.crc32(part) : checksumByTable(part)
}

/** The same, 20 times slower. */
export function checksumByTable(bytes: Uint8Array): number {
  let crc = 0xffff_ffff
  for (const byte of bytes) crc = (crc >>> 8) ^ table[(crc ^ byte) & 0xff]!
  return (crc ^ 0xffff_ffff) >>> 0
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0xedb8_8320 : crc >>> 1
  return crc
})
