import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'

const preallocated = Buffer.alloc(1 << 22)

/**
 * How often in a second the disk takes a few kilobytes and syncs them, into a file that has its size
 * already: 64 callers who all wait for the same sync get no more than 64 times as many answers.
 */
export function syncsPerSecond(file: string, seconds: number): number {
  const descriptor = openSync(file, 'w')
  try {
    writeSync(descriptor, preallocated)
    fdatasyncSync(descriptor)
    const group = Buffer.alloc(8192)
    const startedAt = performance.now()
    const endsAt = startedAt + seconds * 1000
    let syncs = 0
    for (; performance.now() < endsAt; syncs++) {
      writeSync(descriptor, group, 0, group.length, (syncs * group.length) % preallocated.length)
      fdatasyncSync(descriptor)
    }
    return (syncs * 1000) / (performance.now() - startedAt)
  } finally {
    closeSync(descriptor)
  }
}
