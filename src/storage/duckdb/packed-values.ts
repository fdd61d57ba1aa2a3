import { collectedBy } from './collected-values.ts'
import { cheap, large } from './step-cost.ts'
import { joiners, packers } from './value-growth.ts'

/** How many values of rows one value may hold. */
const mostHeld = 4_096
/** A cast to a text writes a byte with up to eight characters, and so does the next. */
const heldByCast = 16
/** What is collected is as large as so many: four of ten thousand values stand in one. */
const heldByCollected = { list: 1_024, map: 1_024, text: 128 }
/** Functions that give a number of whatever they are given. */
const counts =
  /^(?:len|length|strlen|char_length|octet_length|contains|starts_with|ends_with|(?:list|array)_(?:length|sum|avg|count|product|unique|position|indexof|contains|has\w*|stddev_\w+|var_\w+))$/

interface Node {
  readonly type?: unknown
  readonly class?: unknown
  readonly alias?: unknown
  readonly function_name?: unknown
  readonly cast_type?: { readonly id?: unknown }
  readonly column_names?: readonly unknown[]
  readonly column_name_alias?: readonly unknown[]
  readonly aliases?: readonly unknown[]
  readonly table_name?: unknown
  readonly select_list?: readonly Node[]
  readonly from_table?: unknown
  readonly cte_map?: { readonly map?: readonly { readonly key?: unknown; readonly value?: Node }[] }
  readonly query?: unknown
  readonly subquery?: unknown
}

/** How many values each column holds, by its name; '' is the most of any. */
type Columns = ReadonlyMap<string, number>

/**
 * Whether a parsed SELECT packs packed values again and again, in words; undefined: no. A row of two
 * rows of two rows … has twice as many columns with each step, and its type as many parts, which the
 * engine goes through when it plans and for each row.
 */
export function faultOfPacking(tree: unknown): string | undefined {
  const packing = new Packing()
  packing.columnsOf(tree, new Map())
  return packing.most > mostHeld
    ? `lists, rows, maps and casts of others hold more than ${mostHeld.toLocaleString('en-US')} values`
    : undefined
}

class Packing {
  most = 1

  /** What a statement, or a part of one that gives rows, gives. */
  columnsOf(node: unknown, named: ReadonlyMap<string, Columns>): Columns {
    if (typeof node !== 'object' || node === null) return new Map()
    const given = node as Node
    const known = new Map(named)
    for (const { key, value } of given.cte_map?.map ?? [])
      known.set(lower(key), renamed(this.columnsOf(value?.query, known), value?.aliases))
    if (Array.isArray(given.select_list)) return this.#columnsOfSelect(given, known)
    if (given.type === 'BASE_TABLE')
      return renamed(known.get(lower(given.table_name)) ?? new Map(), given.column_name_alias)
    const parts = Object.entries(given)
      .filter(([name]) => name !== 'cte_map')
      .map(([, part]) => this.columnsOf(part, known))
    return renamed(merged(parts), given.column_name_alias)
  }

  #columnsOfSelect(select: Node, named: ReadonlyMap<string, Columns>): Columns {
    const from = this.columnsOf(select.from_table, named)
    const found = new Map<string, number>()
    for (const expression of select.select_list!) {
      if (expression.class === 'STAR') for (const [name, held] of from) raise(found, name, held)
      const held = this.#heldBy(expression, from, named)
      const name = expression.alias === '' ? expression.column_names?.at(-1) : expression.alias
      raise(found, lower(name), held)
      raise(found, '', held)
    }
    for (const [name, part] of Object.entries(select))
      if (name !== 'select_list' && name !== 'from_table' && name !== 'cte_map')
        this.#heldBy(part, merged([from, found]), named)
    return found
  }

  #heldBy(node: unknown, from: Columns, named: ReadonlyMap<string, Columns>): number {
    if (typeof node !== 'object' || node === null) return 1
    const { class: kind, function_name: called, column_names: names, subquery } = node as Node
    const { cast_type: cast } = node as Node
    if (kind === 'COLUMN_REF')
      return Math.max(1, ...(names ?? []).map((name) => from.get(lower(name)) ?? 1))
    if (kind === 'POSITIONAL_REFERENCE' || kind === 'STAR') return from.get('') ?? 1
    if (kind === 'SUBQUERY') return this.columnsOf(subquery, named).get('') ?? 1
    const name = lower(called)
    const adds = packers.has(name) || joiners.has(name)
    let [sum, most] = [0, 1]
    for (const [part, child] of Object.entries(node)) {
      const parts: readonly unknown[] = Array.isArray(child) ? child : [child]
      for (const each of parts) {
        const heldByPart = this.#heldBy(each, from, named)
        if (adds && part === 'children') sum += heldByPart
        else most = Math.max(most, heldByPart)
      }
    }
    const collected = collectedBy(node)
    if (collected !== undefined) most = Math.max(most, heldByCollected[collected])
    const isNumber =
      (kind === 'FUNCTION' && !adds && (cheap.has(name) || counts.test(name))) ||
      (kind === 'CAST' && !isLarge(cast))
    const packed = Math.max(sum, most)
    const held = isNumber ? 1 : kind === 'CAST' ? packed * castOf(packed) : packed
    this.most = Math.max(this.most, held)
    return held
  }
}

/** Where something collected is cast, what counts is that signs before quotes may double it. */
function castOf(packed: number): number {
  return packed < heldByCollected.list ? heldByCast : 2
}

function isLarge(type: Node['cast_type']): boolean {
  return large.test(String(type?.id))
}

function raise(columns: Map<string, number>, name: string, held: number): void {
  columns.set(name, Math.max(held, columns.get(name) ?? 1))
}

function merged(parts: readonly Columns[]): Columns {
  const all = new Map<string, number>()
  for (const part of parts) for (const [name, held] of part) raise(all, name, held)
  return all
}

/** Under names of its user's, each may be any of them. */
function renamed(columns: Columns, names: readonly unknown[] | undefined): Columns {
  if (names === undefined || names.length === 0) return columns
  const most = Math.max(1, ...columns.values())
  return new Map(['', ...names.map(lower)].map((name) => [name, most] as const))
}

function lower(name: unknown): string {
  return typeof name === 'string' ? name.toLowerCase() : ''
}
