/** How many columns a SELECT of a statement may have, its inner ones too. */
const mostColumns = 10_000
/** More than any table of a pair has. */
const columnsOfTable = 20

interface Node {
  readonly type?: unknown
  readonly class?: unknown
  readonly table_name?: unknown
  readonly select_list?: readonly unknown[]
  readonly from_table?: unknown
  readonly cte_map?: { readonly map?: readonly NamedQuery[] }
}

interface NamedQuery {
  readonly key: string
  readonly value: unknown
}

/** How many columns named subqueries have. */
type Named = ReadonlyMap<string, number>

/**
 * Whether stars of stars, or stars over joins of themselves, make a row of a parsed SELECT too wide, in
 * words; undefined: no. Twice sixty of them in three SELECTs are a million columns, which the engine
 * plans for minutes, in one step that no interrupt ends.
 */
export function faultOfWidth(tree: unknown): string | undefined {
  const widths = new Widths()
  widths.of(tree, new Map())
  return widths.most > mostColumns
    ? `a SELECT of it has more than ${mostColumns.toLocaleString('en-US')} columns, of which \`*\` counts as ${columnsOfTable} of each table`
    : undefined
}

class Widths {
  most = 0

  /** How many columns what a node reads or makes has, at most. */
  of(node: unknown, named: Named): number {
    if (typeof node !== 'object' || node === null || this.most > mostColumns) return 0
    const { type, table_name: name, select_list: list, cte_map: ctes } = node as Node
    if (type === 'BASE_TABLE') return named.get(String(name).toLowerCase()) ?? columnsOfTable
    const known = ctes?.map === undefined ? named : this.#with(named, ctes.map)
    if (!Array.isArray(list)) return this.#sum(node, known)
    const from = this.of((node as Node).from_table, known)
    // What stands elsewhere is looked at for its own width alone.
    this.#sum({ ...node, from_table: null }, known)
    const width = list.length + starsOf(list) * Math.max(1, from)
    this.most = Math.max(this.most, width)
    return width
  }

  #sum(node: object, named: Named): number {
    let sum = 0
    for (const [part, child] of Object.entries(node))
      if (part !== 'cte_map') sum += this.of(child, named)
    return sum
  }

  #with(named: Named, queries: readonly NamedQuery[]): Named {
    const known = new Map(named)
    for (const { key, value } of queries) known.set(key.toLowerCase(), this.of(value, known))
    return known
  }
}

/** How often expressions take all columns; those of subqueries are their own. */
function starsOf(node: unknown): number {
  if (typeof node !== 'object' || node === null) return 0
  const { class: kind } = node as Node
  if (kind === 'STAR') return 1
  if (kind === 'SUBQUERY') return 0
  return Object.values(node).reduce((sum: number, child) => sum + starsOf(child), 0)
}
