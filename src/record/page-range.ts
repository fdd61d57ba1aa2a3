/** The trades before and after a hole, as far as they are known. */
export interface PageRange {
  readonly fromId: string | null
  readonly fromTime: number
  readonly toId: string | null
  readonly toTime: number
}

/** From the beginning of the first of several ranges to the end of the last. */
export function rangeOfAll(ranges: readonly PageRange[]): PageRange {
  return {
    fromId: endId(ranges, 'fromId'),
    fromTime: Math.min(...ranges.map(({ fromTime }) => fromTime)),
    toId: endId(ranges, 'toId'),
    toTime: Math.max(...ranges.map(({ toTime }) => toTime)),
  }
}

/** The first `fromId`, the last `toId`; null where not each of several is a number. */
function endId(ranges: readonly PageRange[], name: 'fromId' | 'toId'): string | null {
  const ids = ranges.map((range) => range[name])
  if (ids.length === 1) return ids[0] ?? null
  const numbers = ids.flatMap((id) => (id !== null && /^\d+$/.test(id) ? [BigInt(id)] : []))
  if (numbers.length < ids.length) return null
  const inOrder = numbers.sort((a, b) => (a < b ? -1 : 1))
  return String(inOrder.at(name === 'fromId' ? 0 : -1))
}
