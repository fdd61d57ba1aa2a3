import type { Call } from './pattern-cost.ts'

/**
 * How many quantiles, medians, modes and DISTINCT or ordered aggregates a statement may have: each goes
 * through all values of a group, in one step. Sixty-four of twenty million rows take some twenty seconds.
 */
const mostWholes = 64
/** How far a window may look for a value that is no NULL: it goes there row by row, for each row. */
const farthestWithoutNulls = 1_000
/** How many values the engine makes room for at most, for each group: by itself it does for any number. */
const mostRoom: readonly {
  readonly name: RegExp
  /** Which argument says how many. */
  readonly at: number
  readonly most: number
  readonly what: string
}[] = [
  { name: /^reservoir_quantile$/, at: 2, most: 8_192, what: 'a written sample' },
  { name: /^(?:min|max)$/, at: 1, most: 8_192, what: 'a written number' },
  { name: /^(?:arg_?(?:min|max)|(?:min|max)_by)/, at: 2, most: 8_192, what: 'a written number' },
  // Some 500 bytes for each, which the engine does not count as memory.
  { name: /^approx_top_k$/, at: 1, most: 100, what: 'a written number' },
]

const quantiles = new Set([
  'quantile',
  'quantile_cont',
  'quantile_disc',
  'approx_quantile',
  'reservoir_quantile',
])
/** What looks at all values of a group at its end, by how often. */
const wholes: ReadonlyMap<string, number> = new Map([
  ['median', 1],
  ['mode', 1],
  ['mad', 2],
  ['entropy', 1],
])
/** Casts of these are no longer numbers. */
const number = /^(?:DOUBLE|FLOAT|DECIMAL|U?(?:TINY|SMALL|BIG|HUGE)INT|U?INTEGER)$/
const arithmetic = /^[-+*/]$/

interface Node extends Call {
  readonly schema?: unknown
  readonly distinct?: unknown
  readonly order_bys?: { readonly orders?: readonly unknown[] } | null
  readonly exclude_clause?: unknown
  readonly ignore_nulls?: unknown
  readonly offset_expr?: Node | null
  readonly cast_type?: { readonly id?: unknown }
  readonly child?: Node
}

/**
 * The aggregates of a statement that may take for ever: what the engine does with all values of a
 * group, or of a frame, is one step, and it hears no interrupt meanwhile.
 */
export class AggregateCost {
  #wholes = 0

  /** What is wrong with a call, or a window, in words; undefined: nothing. */
  faultOf(node: Node): string | undefined {
    const name = String(node.function_name).toLowerCase()
    const inWindow = node.class === 'WINDOW' ? faultOfWindow(node) : undefined
    if (inWindow !== undefined) return inWindow
    const isQuantile = quantiles.has(name)
    const asked = isQuantile ? quantilesOf(node, name) : (wholes.get(name) ?? 0)
    if (asked === undefined)
      return `\`${name}\` takes quantiles that are written out, as 0.5 or [0.25, 0.75]`
    const room = mostRoom.find((each) => each.name.test(name))
    if (room !== undefined && !isRoom(node, room.at, room.most))
      return `\`${name}\` takes ${room.what} of ${room.most.toLocaleString('en-US')} values at most`
    const isSorted = node.distinct === true || (node.order_bys?.orders?.length ?? 0) > 0
    this.#wholes += Math.max(asked, isSorted ? 1 : 0)
    if (this.#wholes <= mostWholes) return undefined
    return `quantiles, medians, modes and DISTINCT or ordered aggregates are ${mostWholes} at most, all of a statement together: ask for the others in a second one`
  }
}

function faultOfWindow(node: Node): string | undefined {
  if (node.distinct === true)
    return 'a window takes no DISTINCT: say in a subquery which row is the first of its value, by `row_number() OVER (PARTITION BY x ORDER BY timestamp) AS nth`, and count by `count(*) FILTER (nth = 1) OVER (…)`'
  if (node.exclude_clause !== undefined && node.exclude_clause !== 'NO_OTHER')
    return 'a window takes no EXCLUDE: end the frame beside the row, as in `ROWS BETWEEN 10 PRECEDING AND 1 PRECEDING`, or take the row away, as in `sum(x) OVER (…) - x`'
  const far = node.offset_expr ?? (node.children?.[1] as Node | undefined)
  if (node.ignore_nulls === true && !isUpTo(far, farthestWithoutNulls))
    return `a window that ignores NULLs looks ${farthestWithoutNulls.toLocaleString('en-US')} values far at most, by a number that is written out`
  return undefined
}

/** Whether a number of values is written that there is room for: `x.max(5)` is `max(x, 5)`, and `x` could be a schema. */
function isRoom({ schema = '', children = [] }: Node, at: number, most: number): boolean {
  const places = /^(?:main)?$/i.test(String(schema)) ? [at] : [at - 1, at]
  return places.every((place) => isUpTo(children[place] as Node | undefined, most))
}

/** How many quantiles a call asks for; undefined: it does not say. They come last, whichever way it is written. */
function quantilesOf(node: Node, name: string): number | undefined {
  const given = (node.children ?? []) as readonly Node[]
  const last = name === 'reservoir_quantile' && given.length === 3 ? given[1] : given.at(-1)
  return countOf(last)
}

function countOf(node: Node | undefined): number | undefined {
  if (node?.class === 'CAST' && node.child?.class === 'FUNCTION' && !isNumber(node))
    return countOf(node.child)
  const isList = /^(?:list|array)_value$/.test(String(node?.function_name))
  if (!isList) return node !== undefined && isNumber(node) ? 1 : undefined
  const values = (node?.children ?? []) as readonly Node[]
  return values.every((value) => isNumber(value)) ? values.length : undefined
}

/** Whether an expression is one number that is the same for all rows: a text of a list is none. */
function isNumber({ class: kind, function_name: name, cast_type: type, ...node }: Node): boolean {
  if (kind === 'CAST') {
    const { child } = node
    return number.test(String(type?.id)) && (child?.class === 'CONSTANT' || isNumber(child ?? {}))
  }
  if (kind === 'FUNCTION')
    return (
      arithmetic.test(String(name)) && (node.children as Node[]).every((each) => isNumber(each))
    )
  return kind === 'PARAMETER' || (kind === 'CONSTANT' && typeof node.value?.value !== 'string')
}

function isUpTo(node: Node | null | undefined, most: number): boolean {
  if (node === null || node === undefined) return true
  return node.class === 'CONSTANT' && Math.abs(Number(node.value?.value)) <= most
}
