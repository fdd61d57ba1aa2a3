import { spawn } from 'node:child_process'
import { once } from 'node:events'

/**
 * Runs `work` while this process holds the lock on `file`; others wait for it. The kernel frees
 * the lock when the holder ends, however it ends, so a killed process leaves nothing stale.
 * (`flock` is part of every Debian and Ubuntu.)
 */
export async function withFileLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const holder = spawn('flock', [file, 'sh', '-c', 'echo held; exec cat'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const ended = once(holder, 'close')
  try {
    await Promise.race([
      once(holder.stdout, 'data'),
      ended.then(() => Promise.reject(new Error(`could not lock ${file}`))),
    ])
    return await work()
  } finally {
    holder.stdin.end()
    await ended
  }
}
