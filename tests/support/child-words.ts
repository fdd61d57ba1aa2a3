import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** What a child process says next; fails when it ends without a word, for which a test would wait in vain. */
export async function nextWord<Word = unknown>(child: ChildProcess): Promise<Word> {
  const heard = new AbortController()
  const { signal } = heard
  try {
    return await Promise.race([
      once(child, 'message', { signal }).then(([word]) => word as Word),
      // After all that it said.
      once(child, 'disconnect', { signal }).then(() => {
        throw endOf(child, 'before it said what was waited for')
      }),
    ])
  } finally {
    heard.abort()
  }
}

export function endOf({ pid, spawnargs, exitCode, signalCode }: ChildProcess, when: string): Error {
  const program = spawnargs.findLast((each) => /\.[mt]?[jt]s$/.test(each)) ?? spawnargs[0]
  return new Error(
    `${program} (${pid}) ended ${when}: ${signalCode ?? exitCode ?? 'it let go of its channel'}`,
  )
}
