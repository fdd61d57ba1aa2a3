import { boundedTwice } from './value-bounds.ts'

/** How many nodes the expressions of one SELECT may be when each alias stands for its expression. */
const mostNodes = 10_000
/** The same of a whole statement, with its aliases as names. */
const mostOfAll = 50_000

/**
 * Functions that are macros, the engine's own or ours, and how often each names an argument: the
 * engine writes out what is given so often, and calls within calls multiply.
 */
export const timesWrittenOut: ReadonlyMap<string, number> = new Map([
  ...['round_even', 'roundbankers', 'range', 'generate_series'].map((name) => [name, 3] as const),
  ...(
    'split_part nullif fmod array_to_string array_to_string_comma_default array_pop_back ' +
    'weighted_avg wavg json_group_array json_group_object json_group_structure'
  )
    .split(' ')
    .map((name) => [name, 2] as const),
  ...boundedTwice.map((name) => [name, 2] as const),
])

interface Node {
  readonly type?: unknown
  readonly class?: unknown
  readonly function_name?: unknown
  readonly alias?: unknown
  readonly column_names?: readonly unknown[]
  readonly select_list?: readonly Node[]
}

/**
 * Whether aliases of a parsed SELECT that take earlier ones, or macros within macros, grow past all
 * bounds, in words; undefined: no. The engine writes each of them out before it plans, in one step
 * that no interrupt ends.
 */
export function faultOfAliases(tree: unknown): string | undefined {
  if (sizeOf(tree, new Map()) > mostOfAll)
    return `its calls within calls stand for more than ${mostOfAll.toLocaleString('en-US')} terms`
  return faultOfSelects(tree)
}

function faultOfSelects(node: unknown): string | undefined {
  if (typeof node !== 'object' || node === null) return undefined
  const own = isSelect(node) && nodesOf(node) > mostNodes
  if (own)
    return `its aliases of other aliases, and its calls within calls, stand for more than ${mostNodes.toLocaleString('en-US')} terms`
  for (const child of Object.values(node)) {
    const found = faultOfSelects(child)
    if (found !== undefined) return found
  }
  return undefined
}

function isSelect(node: Node): boolean {
  return node.type === 'SELECT_NODE' && Array.isArray(node.select_list)
}

/** What all expressions of one SELECT are made of; what is in FROM has aliases of its own. */
function nodesOf(select: Node): number {
  const sizes = new Map<string, number>()
  let sum = 0
  for (const expression of select.select_list!) {
    const size = sizeOf(expression, sizes)
    sum += size
    const { alias } = expression
    if (typeof alias === 'string' && alias !== '') sizes.set(alias.toLowerCase(), size)
  }
  for (const [name, part] of Object.entries(select))
    if (name !== 'select_list' && name !== 'from_table' && name !== 'cte_map')
      sum += sizeOf(part, sizes)
  return sum
}

function sizeOf(node: unknown, sizes: ReadonlyMap<string, number>): number {
  if (typeof node !== 'object' || node === null) return 0
  const { class: kind, function_name: called, column_names: names } = node as Node
  if (kind === 'COLUMN_REF') return sizes.get(String(names?.at(-1)).toLowerCase()) ?? 1
  let sum = typeof kind === 'string' ? 1 : 0
  for (const child of Object.values(node)) sum += sizeOf(child, sizes)
  return sum * (timesWrittenOut.get(String(called).toLowerCase()) ?? 1)
}
