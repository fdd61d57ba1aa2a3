/** How many nodes the expressions of one SELECT may be when each alias stands for its expression. */
const mostNodes = 10_000

interface Node {
  readonly type?: unknown
  readonly class?: unknown
  readonly alias?: unknown
  readonly column_names?: readonly unknown[]
  readonly select_list?: readonly Node[]
}

/**
 * Whether aliases of a parsed SELECT that take earlier ones grow past all bounds, in words; undefined:
 * no. The engine writes each alias out before it plans, in one step that no interrupt ends.
 */
export function faultOfAliases(node: unknown): string | undefined {
  if (typeof node !== 'object' || node === null) return undefined
  const own = isSelect(node) && nodesOf(node) > mostNodes
  if (own)
    return `its aliases of other aliases stand for more than ${mostNodes.toLocaleString('en-US')} terms`
  for (const child of Object.values(node)) {
    const found = faultOfAliases(child)
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
  const { class: kind, column_names: names } = node as Node
  if (kind === 'COLUMN_REF') return sizes.get(String(names?.at(-1)).toLowerCase()) ?? 1
  let sum = typeof kind === 'string' ? 1 : 0
  for (const child of Object.values(node)) sum += sizeOf(child, sizes)
  return sum
}
