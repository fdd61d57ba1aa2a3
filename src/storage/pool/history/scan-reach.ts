/** A stretch of time, both ends included, in Unix µs. */
export interface Reach {
  readonly from: number
  readonly to: number
}

interface PlanNode {
  readonly name?: string
  readonly extra_info?: { readonly Table?: string; readonly Filters?: string | readonly string[] }
  readonly children?: readonly PlanNode[]
}

/**
 * Which times a statement's plan (the JSON of EXPLAIN) can want of a table: all, unless each of its
 * scans is narrowed by a constant. Undefined: the plan does not read it.
 */
export function reachOfScans(plan: string, table: string): Reach | undefined {
  let reach: Reach | undefined
  const visit = (node: PlanNode): void => {
    const info = node.extra_info ?? {}
    if (info.Table?.endsWith(`.${table}`) === true) {
      const found = reachOf([info.Filters ?? []].flat().join(' AND '))
      reach = {
        from: Math.min(reach?.from ?? Infinity, found.from),
        to: Math.max(reach?.to ?? -Infinity, found.to),
      }
    }
    for (const child of node.children ?? []) visit(child)
  }
  for (const root of JSON.parse(plan) as PlanNode[]) visit(root)
  return reach
}

/** By comparisons that all have to hold; with an OR among them nothing is sure. */
function reachOf(filters: string): Reach {
  let from = -Infinity
  let to = Infinity
  if (/\bOR\b/.test(filters)) return { from, to }
  for (const [, operator, time] of filters.matchAll(comparison)) {
    const micros = microsOf(time!)
    if (Number.isNaN(micros)) continue
    if (operator!.startsWith('>') || operator === '=') from = Math.max(from, micros)
    if (operator!.startsWith('<') || operator === '=') to = Math.min(to, micros)
  }
  return { from, to }
}

const comparison = /(?<![\w."])"?timestamp"?\s*(>=|<=|>|<|=)\s*'([^']+)'::TIMESTAMP\b/g

function microsOf(text: string): number {
  const [, date = '', time = '', fraction = ''] =
    /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d+))?$/.exec(text) ?? []
  return Date.parse(`${date}T${time}Z`) * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6) || 0)
}
