import type { DuckDBConnection } from '@duckdb/node-api'
import { LRUCache } from 'lru-cache'
import { PairduckError } from '../../errors.ts'
import type { Query } from '../../queries/query.ts'
import { extentOf } from './call-extent.ts'
import { readRows } from './read-rows.ts'
import { quotedName, withNamesOf } from './result-names.ts'

/** The longest list, and the longest text of a list or a map, that a stranger's subquery may collect. */
const longestList = 10_000
const longestListText = 300_000
/** The longest text that it may collect. */
const longestText = 10_000
/** How many rows a frame may have in which a window collects. */
const widestFrame = 100

const lists = new Set(['list', 'array_agg', 'approx_top_k'])
const maps = new Set(['histogram', 'histogram_exact', 'bitstring_agg'])
const texts =
  /^(?:string_agg|group_concat|listagg|json_group_array|json_group_object|json_group_structure)$/
/** What goes through all that is in a frame, or through a digest of it, for each row anew. */
const keeping = new Set(['approx_quantile', 'entropy', 'mad', 'mode', 'reservoir_quantile'])
/** Of the best ones by a count. */
const best = /^(?:min|max|(?:arg_?(?:min|max)|min_by|max_by)(?:_nulls_last|_null)?)$/
/** Where no word of a text matches, a look at the parsed one is needless; what follows it may be a comment. */
const mayCollect = new RegExp(
  String.raw`\b(?:${[...lists, ...maps].join('|')}|array|string_agg|group_concat|listagg|json_group_\w+|min|max|arg_?m\w+|m\w\w_by\w*)\b`,
  'i',
)

interface Node {
  readonly type?: unknown
  readonly class?: unknown
  readonly alias?: unknown
  readonly function_name?: unknown
  readonly query_location?: unknown
  readonly children?: readonly unknown[]
  readonly modifiers?: readonly unknown[]
  readonly having?: unknown
  readonly from_table?: Node | null
  readonly select_list?: readonly Node[]
  readonly where_clause?: unknown
  readonly qualify?: unknown
  readonly arg_orders?: readonly unknown[]
  readonly start?: unknown
  readonly end?: unknown
  readonly start_expr?: Node | null
  readonly end_expr?: Node | null
  readonly value?: { readonly value?: unknown }
  readonly subquery?: { readonly node?: { readonly select_list?: readonly Node[] } }
}

/** One call that collects, with what bounds its value. */
interface Collected {
  readonly call: Node
  readonly bound: keyof typeof bounds
  /** Whether it is a column that has no other name than its text. */
  readonly isColumn: boolean
}

const bounds = {
  list: `len(v) > ${longestList} OR strlen(v::VARCHAR) > ${longestListText}`,
  map: `strlen(v::VARCHAR) > ${longestListText}`,
  text: `strlen(v::VARCHAR) > ${longestText}`,
}
const told = `over HTTP ${longestList} values or characters at most are collected into one value that goes on`

/** Where a node stands. */
interface Place {
  /** What is in it is given as it is, or taken by no function. */
  readonly isAnswer: boolean
  /** What is inside is done again and again. */
  readonly isRepeated: boolean
  /** The column that it is a part of. */
  readonly column: Node | undefined
  /** It is what a PIVOT makes its columns by. */
  readonly inPivot: boolean
}

/**
 * What collects rows into values in a parsed SELECT. What a subquery has collected may stand in any
 * number of rows, and each function of a row takes it whole: 2,048 lists of 300,000 values are one step
 * of the engine, which no interrupt ends. What a function takes is bounded, too: it may sort it.
 */
export class Collecting {
  fault: string | undefined
  /** What is to be bounded. */
  readonly collected: Collected[] = []
  #windows = 0

  constructor(tree: unknown) {
    this.#look(tree, { isAnswer: true, isRepeated: false, column: undefined, inPivot: false })
    if (this.#windows > 0 && this.collected.length > 0)
      this.fault ??= 'a window does not collect where something else collects, too'
  }

  #look(node: unknown, place: Place): void {
    if (typeof node !== 'object' || node === null || this.fault !== undefined) return
    const { type } = node as Node
    this.#enter(node, place)
    const isGoneOnWith = isOrderedOrChosen(node)
    for (const [name, child] of Object.entries(node)) {
      const isBelow =
        name === 'cte_map' || name === 'subquery' || (name === 'from_table' && !isPivoted(node))
      const inside = {
        inPivot: place.inPivot || (type === 'PIVOT' && name === 'aggregates'),
        isAnswer: place.isAnswer && !isBelow && !isGoneOnWith && name !== 'source',
        isRepeated: place.isRepeated || (type === 'RECURSIVE_CTE_NODE' && name === 'right'),
        column: place.column,
      }
      // The columns of a SELECT are a list of their own.
      if (name === 'select_list')
        for (const column of child as Node[]) this.#look(column, { ...inside, column })
      else this.#look(child, inside)
    }
  }

  #enter(node: Node, { isAnswer, isRepeated, column, inPivot }: Place): void {
    const isArray = isArrayOfRows(node)
    const bound = collectedBy(node)
    if (bound === undefined) return
    const name = isArray ? 'array' : String(node.function_name).toLowerCase()
    const isColumn = node === column && node.alias === '' && !hasStar(node)
    if (inPivot && !isAnswer)
      this.fault = `\`${name}\` collects in a PIVOT that is all of a statement, without more than USING and GROUP BY; elsewhere write \`${name}(x) FILTER (side = 'BUY')\` in a SELECT with GROUP BY`
    else if (isRepeated) this.fault = `\`${name}\` does not collect in the step of a recursion`
    else if (node.class !== 'WINDOW') {
      if (!isAnswer || (node !== column && !inPivot))
        this.collected.push({ call: node, bound, isColumn })
    } else if (frameOf(node) <= widestFrame) this.#windows++
    else
      this.fault = `\`${name}\` collects in a window by ROWS BETWEEN … AND … of ${widestFrame} rows at most, written out, or in a subquery with GROUP BY`
  }
}

/** Whether a SELECT takes what it answers on, by the names of columns. */
function isOrderedOrChosen({ modifiers = [], having, qualify }: Node): boolean {
  return modifiers.length > 0 || (having ?? qualify ?? null) !== null
}

/** Whether it is several columns, each with the name that it is made from. */
function hasStar(node: unknown): boolean {
  if (typeof node !== 'object' || node === null) return false
  return (node as Node).class === 'STAR' || Object.values(node).some((child) => hasStar(child))
}

/** Whether all that a SELECT does is to give the columns of a PIVOT. */
function isPivoted({ from_table: from, select_list: columns, where_clause: where }: Node): boolean {
  const [column] = columns ?? []
  return (
    from?.type === 'PIVOT' && column?.class === 'STAR' && columns!.length === 1 && where === null
  )
}

function isPlaced({ query_location: at }: Node): boolean {
  return typeof at === 'number' && at < Number.MAX_SAFE_INTEGER
}

/** What the engine makes of ARRAY(SELECT …). */
function isArrayOfRows({ class: kind, subquery }: Node): boolean {
  const column = subquery?.node?.select_list?.[0]
  return kind === 'SUBQUERY' && column?.class === 'CASE' && !isPlaced(column)
}

/** What bounds the value of a node that collects rows into one; undefined: it does not. */
export function collectedBy(node: Node): keyof typeof bounds | undefined {
  if (isArrayOfRows(node)) return 'list'
  // The one that an array is made by has no place in the text.
  const isCall = node.class === 'FUNCTION' && isPlaced(node)
  return isCall || node.class === 'WINDOW' ? boundOf(node) : undefined
}

function boundOf({
  class: kind,
  function_name: called,
  children = [],
  arg_orders: ordered = [],
}: Node): keyof typeof bounds | undefined {
  const name = String(called).toLowerCase()
  if (lists.has(name)) return 'list'
  if (kind === 'WINDOW' && (keeping.has(name) || ordered.length > 0)) return 'list'
  if (maps.has(name)) return 'map'
  if (texts.test(name)) return 'text'
  const counted = name === 'min' || name === 'max' ? 2 : 3
  return best.test(name) && children.length === counted ? 'list' : undefined
}

/** How many rows a frame has beside the row itself. */
function frameOf({ start, end, start_expr: before, end_expr: after }: Node): number {
  return edgeOf(start, before) + edgeOf(end, after)
}

function edgeOf(edge: unknown, expression: Node | null | undefined): number {
  if (edge === 'CURRENT_ROW_ROWS') return 0
  if (!/^EXPR_\w+_ROWS$/.test(String(edge)) || expression?.class !== 'CONSTANT') return Infinity
  const rows = Number(expression.value?.value)
  return Number.isFinite(rows) ? Math.abs(rows) : Infinity
}

/** Texts that were looked at, and what is run of them. */
const known = new LRUCache<string, string>({
  max: 500,
  maxSize: 8_000_000,
  sizeCalculation: sizeOf,
})

/** The text of a query, of which no subquery of a stranger's collects a value that is too large. */
export async function withBoundedCollecting(
  connection: DuckDBConnection,
  query: Pick<Query<unknown>, 'sql' | 'params' | 'isStrangers'>,
): Promise<string> {
  const { sql: text } = query
  if (query.isStrangers !== true || !mayCollect.test(text)) return text
  const bounded = known.get(text) ?? (await boundCollecting(connection, text))
  known.set(text, bounded)
  return bounded === text ? text : withNamesOf(connection, bounded, query)
}

async function boundCollecting(connection: DuckDBConnection, text: string): Promise<string> {
  const { statements } = JSON.parse(await treeOf(connection, text)) as { statements?: unknown }
  const { collected } = new Collecting(statements)
  if (collected.length === 0) return text
  refuseShifted(text)
  const inserts: { readonly at: number; readonly text: string }[] = []
  for (const { call, bound, isColumn } of collected) {
    const { start, end } = extentOf(text, call)
    const name = isColumn
      ? ` AS ${quotedName(await nameOf(connection, text.slice(start, end)))}`
      : ''
    inserts.push(
      { at: start, text: 'list_transform([' },
      {
        at: end,
        text: `], lambda v: CASE WHEN ${bounds[bound]} THEN error('${told}') ELSE v END)[1]${name}`,
      },
    )
  }
  let bounded = text
  // From the end on: what stands before an insert stays where it is.
  for (const { at, text: inserted } of inserts.toSorted((one, other) => other.at - one.at))
    bounded = bounded.slice(0, at) + inserted + bounded.slice(at)
  return bounded
}

/** Blanks that are no ASCII, wherever they stand: the engine shortens them before it counts where a call stands. */
const shifting = /[\u00A0\u1680\u180E\u2000-\u200F\u2028-\u202F\u205F-\u206F\u3000\uFEFF]/

function refuseShifted(text: string): void {
  if (shifting.test(text))
    throw new PairduckError(
      'QUERY_FAILED',
      'sql: blanks are ASCII where something is collected; write others as chr(…)',
    )
}

/** What the engine calls a column of such a text. */
async function nameOf(connection: DuckDBConnection, call: string): Promise<string> {
  const sql = 'SELECT json_deserialize_sql(json_serialize_sql($text::VARCHAR)) AS "text"'
  const [row] = await readRows<{ text: string }>(connection, sql, { text: `SELECT ${call}` })
  return row!.text.slice('SELECT '.length)
}

async function treeOf(connection: DuckDBConnection, text: string): Promise<string> {
  const sql = 'SELECT json_serialize_sql($text::VARCHAR)::VARCHAR AS "tree"'
  const [row] = await readRows<{ tree: string }>(connection, sql, { text })
  return row!.tree
}

function sizeOf(bounded: string, text: string): number {
  return bounded.length + text.length
}
