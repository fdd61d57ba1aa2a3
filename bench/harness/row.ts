/** One measured figure and what it stands beside. */
export interface BenchRow {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** What the ratio's other side is, in words; it ran interleaved with this in the same run. */
  readonly comparedWith: string
  /** value ÷ the other side's value, or the other way round where less is better: the name says. */
  readonly ratio: number
  /** The bound that the ratio (or, with `of: 'value'`, the value) is held to. */
  readonly target?: BenchTarget
}

export interface BenchTarget {
  readonly atLeast?: number
  readonly atMost?: number
  readonly of?: 'ratio' | 'value'
}

/** How much of a group is measured. */
export interface BenchSize {
  /** Takes long: the sizes and the times that a figure to be published needs. */
  readonly full: boolean
  /** Of a group that has parts, only these. */
  readonly parts?: readonly string[]
}

/** What a file in bench/ exports as `run`. It runs in a process of its own, garbage collection exposed. */
export type BenchGroup = (size: BenchSize) => Promise<readonly BenchRow[]>

/** A row as the JSON document has it. */
export interface ReportedRow {
  readonly group: string
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly comparedWith: string
  readonly ratio: number
  readonly target?: string
  readonly met?: boolean
}

/** Adds the group's name, and whether the target was met. */
export function reported(group: string, { target, ...row }: BenchRow): ReportedRow {
  const rounded = { ...row, value: significant(row.value), ratio: significant(row.ratio) }
  if (target === undefined) return { group, ...rounded }
  const { atLeast = -Infinity, atMost = Infinity, of = 'ratio' } = target
  const held = of === 'ratio' ? row.ratio : row.value
  return {
    group,
    ...rounded,
    target: `${of === 'value' ? 'value ' : ''}${target.atLeast === undefined ? `≤ ${atMost}` : `≥ ${atLeast}`}`,
    met: held >= atLeast && held <= atMost,
  }
}

function significant(value: number): number {
  return Number(value.toPrecision(4))
}
