import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const collect = ((): (() => void) => {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
})()

/** Collects what nobody refers to, and what its finalizers let go in turn. */
export async function collectGarbage(): Promise<void> {
  for (let pass = 0; pass < 3; pass++) {
    collect()
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** The process's resident memory in MB, garbage collected before. */
export async function residentMb(): Promise<number> {
  await collectGarbage()
  return process.memoryUsage.rss() / 2 ** 20
}
