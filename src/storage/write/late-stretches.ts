import type { BatchColumns } from '../duckdb/batch-function.ts'
import type { LateStretch } from '../events/events.ts'

const secondMicros = 1_000_000
/** An event is small, whatever an import brings: more stretches than this are joined. */
const mostStretches = 100

/** The seconds before that of `before` (µs) in which ticks lie, as stretches; of very many the hull of neighbours. */
export function lateStretches({ micros, length }: BatchColumns, before: number): LateStretch[] {
  const seconds = new Set<number>()
  const end = Math.floor(before / secondMicros)
  for (let row = 0; row < length; row++) {
    const second = Math.floor(micros[row]! / secondMicros)
    if (second < end) seconds.add(second)
  }
  const inOrder = [...seconds].sort((a, b) => a - b)
  for (let apart = 1; ; apart *= 60) {
    const stretches = joined(inOrder, apart)
    if (stretches.length <= mostStretches) return stretches
  }
}

/** Puts together what is no further apart than so many seconds. */
function joined(seconds: readonly number[], apart: number): LateStretch[] {
  const stretches: [number, number][] = []
  for (const second of seconds) {
    const last = stretches.at(-1)
    if (last !== undefined && second * 1000 - last[1] <= apart * 1000) last[1] = second * 1000
    else stretches.push([second * 1000, second * 1000])
  }
  return stretches
}
