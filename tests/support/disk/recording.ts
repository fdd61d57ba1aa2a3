import { readFileSync } from 'node:fs'

/** One call of a recorded program that changed a file or a name, or made changes durable. */
export interface DiskCall {
  readonly kind:
    | 'create'
    | 'write'
    | 'sync'
    | 'truncate'
    | 'rename'
    | 'link'
    | 'unlink'
    | 'mkdir'
    | 'rmdir'
  /** Relative to the watched folder. */
  readonly path: string
  /** Where a rename or a link leads to. */
  readonly to: string
  readonly offset: number
  readonly data: Buffer
}

const kinds: Readonly<Record<string, DiskCall['kind']>> = {
  c: 'create',
  w: 'write',
  s: 'sync',
  t: 'truncate',
  r: 'rename',
  l: 'link',
  u: 'unlink',
  m: 'mkdir',
  d: 'rmdir',
}
const headBytes = 25

/** What disk-shim.c wrote down, in order. */
export function readRecording(log: string, watch: string): DiskCall[] {
  const bytes = readFileSync(log)
  const calls: DiskCall[] = []
  for (let at = 0; at < bytes.length;) {
    const kind = kinds[String.fromCharCode(bytes[at]!)]
    if (kind === undefined) throw new Error(`the recording is broken at byte ${at}`)
    const pathEnd = at + headBytes + bytes.readUInt32LE(at + 1)
    const toEnd = pathEnd + bytes.readUInt32LE(at + 5)
    const length = kind === 'write' ? Number(bytes.readBigUInt64LE(at + 17)) : 0
    const name = (from: number, to: number): string =>
      bytes.toString('utf8', from, to).slice(watch.length + 1)
    calls.push({
      kind,
      path: name(at + headBytes, pathEnd),
      to: name(pathEnd, toEnd),
      offset: Number(bytes.readBigUInt64LE(at + 9)),
      data: bytes.subarray(toEnd, toEnd + length),
    })
    at = toEnd + length
  }
  return calls
}
