import { closeSync, openSync, readdirSync, readlinkSync } from 'node:fs'

/** The descriptor under which this process has a file open. */
export function descriptorOf(file: string): number {
  const found = readdirSync('/proc/self/fd').find((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`) === file
    } catch {
      return false
    }
  })
  return Number(found)
}

/** Nothing can be written by it any more: it is of a file that is open for reading. */
export function breakDescriptor(descriptor: number): void {
  closeSync(descriptor)
  const others: number[] = []
  // The lowest that is free is given first.
  for (
    let given = openSync('/dev/null', 'r');
    given !== descriptor;
    given = openSync('/dev/null', 'r')
  ) {
    others.push(given)
    if (others.length > 100) throw new Error('another thread opened a file at this very moment')
  }
  for (const other of others) closeSync(other)
}
