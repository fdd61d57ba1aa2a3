/** A thousand pairs and more through 200 slots, beside a hundred. */
import { interleave } from '../harness/interleave.ts'
import type { BenchRow } from '../harness/row.ts'
import { inScratchFolder } from '../harness/scratch-folder.ts'
import { Callers } from './callers.ts'
import { PairduckStore } from './stores/pairduck-store.ts'
import { makeCalls } from './streams.ts'

const few = 100
const callSize = 10
const rounds = 3

export async function manyPairs(full: boolean): Promise<BenchRow[]> {
  const rows: BenchRow[] = []
  for (const pairs of full ? [1000, 2000] : [1000]) rows.push(await beside(pairs, full ? 10 : 3))
  return rows
}

function beside(pairs: number, seconds: number): Promise<BenchRow> {
  return inScratchFolder(async (folder) => {
    const stores = {
      few: await PairduckStore.open(`${folder}/few`, few),
      many: await PairduckStore.open(`${folder}/many`, pairs),
    }
    const calls = makeCalls('ascending', 40_000 * seconds, callSize)
    const side = async (name: 'few' | 'many'): Promise<() => Promise<number>> => {
      const callers = new Callers(stores[name], name === 'few' ? few : pairs, calls)
      // A first call makes a pair's file: that is another row's work.
      await callers.each()
      return async () => (await callers.run(seconds)).ticksPerSecond
    }
    const rate = await interleave({ few: await side('few'), many: await side('many') }, { rounds })
    await Promise.all(Object.values(stores).map((store) => store.close()))
    return {
      name: `${pairs.toLocaleString('en')} pairs through 200 slots, 64 callers in all, calls of 10`,
      value: rate.many,
      unit: 'ticks/s',
      comparedWith: `${few} pairs: ${Math.round(rate.few).toLocaleString('en')} ticks/s`,
      ratio: rate.many / rate.few,
      target: { atLeast: 0.5 },
    }
  })
}
