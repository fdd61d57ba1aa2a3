import { AggregateCost } from './aggregate-cost.ts'
import { PatternCost, type Call } from './pattern-cost.ts'

/** What may be called for each value of a list: it takes numbers and times, none of which is large. */
export const cheap: ReadonlySet<string> = new Set(
  (
    '+ - * / // % ** ^ & | << >> abs round floor ceil ceiling trunc sqrt ln log log2 log10 exp pow power sign ' +
    'least greatest if ifnull nullif isnan isinf isfinite epoch epoch_ms epoch_us epoch_ns date_trunc ' +
    'date_part date_diff datediff to_timestamp to_microseconds to_milliseconds to_seconds to_minutes ' +
    'to_hours to_days to_weeks to_months to_years make_timestamp make_timestamp_ms ' +
    'struct_pack struct_extract row fdiv fmod now getvariable'
  ).split(' '),
)
/** Functions that go once through a list, by a lambda of which the first parameter is its value. */
const eachOf = /^(?:(?:list|array)_(?:transform|apply|filter)|apply|filter)$/
const throughAnother =
  'no list is gone through for each value of another one, but for that value itself, as in `lambda x: list_transform(x, lambda y: …)`'
/** Functions whose value is a list as long as a number says. */
const counting = new Set(['range', 'generate_series'])
/** The longest list that such a number may ask for where it does not become rows. */
const longestCounted = 1_000
/** Functions that take as long as a list, a text or a document is large. */
const growing = /^(?:list|array|json|map|str|string|regexp|from_json|from|to|url|md5|jaro)_/
const growingToo = new Set(
  (
    'apply filter reduce flatten len levenshtein damerau_levenshtein editdist3 jaccard hamming mismatches ' +
    'strip_accents nfc_normalize reverse length_grapheme left_grapheme right_grapheme substring_grapheme ' +
    'sha1 sha256 md5 translate contains instr strpos position split split_part format printf encode decode ' +
    'hex unhex bin unbin base64 upper ucase lower lcase strftime strptime try_strptime'
  ).split(' '),
)
/** How many calls of these a statement may have: 2,048 values of each are one step. */
const mostGrowing = 64
/** The same where values of ten thousand parts are collected: each call keeps 2,048 of them. */
const mostGrowingOfCollected = 8
/** The longest text, and the longest list, that is written out: a row's own are far shorter. */
const longestWritten = 1_000
/** The longest text between the values of a list that are joined. */
const longestBetween = 10
/**
 * How much of it the engine plans: it goes through parts of parts again and again, and hears no interrupt.
 * Of the builders `detectZonesQuery` and `detectFvgQuery` need most, of bars of `1d` from any source: 267
 * tables, 121 subqueries, of which two are within one another, and one grouping.
 */
const most = { tables: 400, subqueries: 192, subqueriesWithin: 8, groupings: 64, pivoted: 1_000 }
/** A view of candles is planned as so many tables: thirty take under a second, two hundred half a minute. */
const tablesOfView = 12
const viewOfCandles = /^candles_/i

/** Types of which a value may be large. */
export const large: RegExp =
  /^(?:VARCHAR|CHAR|BLOB|BIT|LIST|ARRAY|STRUCT|MAP|UNION|JSON|VARIANT|UNBOUND|USER)$/

interface Node extends Call {
  readonly type?: unknown
  readonly cast_type?: { readonly id?: unknown }
  readonly columns?: unknown
  readonly group_sets?: readonly unknown[]
  readonly pivots?: readonly { readonly entries?: readonly unknown[] }[]
  readonly child?: Node
  readonly lhs?: Node
  readonly column_names?: readonly unknown[]
  readonly table_name?: unknown
  readonly subquery?: {
    readonly node?: Node & { readonly from_table?: Node; readonly select_list?: readonly Node[] }
  }
  readonly start_expr?: Node | null
  readonly end_expr?: Node | null
}

/** Where a node stands. */
interface Place {
  /** What is inside is done for each value of a list. */
  readonly inLambda: boolean
  /** What is inside becomes rows. */
  readonly becomesRows: boolean
  /** The name of the value of the list that a lambda goes through; undefined where there is none. */
  readonly element?: string | undefined
  /** Whether a lambda here is called once for each value of a list. */
  readonly isEach?: boolean
  /** Whether a lambda here goes through such a value: all of them together are one value. */
  readonly isWithin?: boolean
  /** In how many subqueries. */
  readonly subqueries?: number
}

/**
 * What of a parsed SELECT may take for ever, in words; undefined: nothing. The engine hears an
 * interrupt only between steps, and one step is what all functions of a row make of 2,048 values.
 */
export function faultOfCost(
  tree: unknown,
  { collects }: { readonly collects: boolean },
): string | undefined {
  return new StepCost(collects ? mostGrowingOfCollected : mostGrowing).look(tree, {
    inLambda: false,
    becomesRows: false,
  })
}

class StepCost {
  readonly #patterns = new PatternCost()
  readonly #aggregates = new AggregateCost()
  readonly #mostGrowing: number
  #growing = 0
  #tables = 0
  #subqueries = 0

  constructor(mostGrowingCalls: number) {
    this.#mostGrowing = mostGrowingCalls
  }

  look(node: unknown, place: Place): string | undefined {
    if (typeof node !== 'object' || node === null) return undefined
    const isChoice = isColumnChoice(node)
    const isList = Array.isArray(node)
    const own = isList ? undefined : this.#faultOf(node, place)
    if (own !== undefined) return own
    const inside = isList ? place : placeIn(node, place)
    for (const [name, child] of Object.entries(node)) {
      const found = isChoice && name === 'expr' ? undefined : this.look(child, inside)
      if (found !== undefined) return found
    }
    return undefined
  }

  #faultOf(node: Node, place: Place): string | undefined {
    const { inLambda, becomesRows, isWithin } = place
    const tooMuch = this.#faultOfPlan(node, place)
    if (tooMuch !== undefined) return tooMuch
    if (node.class === 'LAMBDA' && inLambda && isWithin !== true) return throughAnother
    if (node.type === 'ARRAY_SLICE' && inLambda)
      return 'no part of a list is taken for each value of another one'
    if (node.class === 'CAST' && inLambda && large.test(String(node.cast_type?.id)))
      return 'a value of a list is cast to numbers and times alone'
    if (node.class === 'WINDOW' && !(isWritten(node.start_expr) && isWritten(node.end_expr)))
      return 'a window has a frame that is written out, as `ROWS 10 PRECEDING`: one that each row gives may jump to and fro'
    if (node.class === 'CONSTANT' && isLong(node.value?.value))
      return `a text that is written out has ${longestWritten} characters at most`
    if (node.class !== 'FUNCTION' && node.class !== 'WINDOW') return undefined
    const aggregated = this.#aggregates.faultOf(node)
    if (aggregated !== undefined || node.class === 'WINDOW') return aggregated
    const name = lower(node)
    if (/^(?:list|array)_value$/.test(name) && (node.children?.length ?? 0) > longestWritten)
      return `a list that is written out has ${longestWritten} values at most`
    if (inLambda && eachOf.test(name) && !goesThrough(node, place)) return throughAnother
    if (inLambda && !cheap.has(name) && !eachOf.test(name))
      return `\`${name}\` is not called for each value of a list: what is takes numbers and times`
    if (counting.has(name) && !becomesRows && !isShort(node))
      return `\`${name}\` makes rows, in FROM or within unnest(…), or a list of ${longestCounted} values at most by numbers that are written out`
    if (name.startsWith('array_to_string') && !isShortText(node.children?.[1]))
      return `\`${name}\` puts a written text of ${longestBetween} characters at most between values`
    if (isGrowing(name) && ++this.#growing > this.#mostGrowing)
      return `more than ${this.#mostGrowing} calls take lists, texts or documents as a whole${this.#mostGrowing < mostGrowing ? ', where values are collected that go on' : ''}`
    return this.#patterns.faultOf(node)
  }

  #faultOfPlan(node: Node, { subqueries = 0 }: Place): string | undefined {
    this.#tables += tablesOf(node)
    if (this.#tables > most.tables)
      return `more than ${most.tables} tables are named, of which a view of candles counts as ${tablesOfView}`
    if (node.class === 'SUBQUERY' && ++this.#subqueries > most.subqueries)
      return `it has more than ${most.subqueries} subqueries within expressions`
    if (node.class === 'SUBQUERY' && subqueries >= most.subqueriesWithin)
      return `it has more than ${most.subqueriesWithin} subqueries within one another`
    if ((node.group_sets?.length ?? 0) > most.groupings)
      return `it groups in more than ${most.groupings} ways`
    const columns = node.pivots?.reduce((by, { entries }) => by * (entries?.length ?? 1), 1) ?? 0
    return columns > most.pivoted ? `a PIVOT makes more than ${most.pivoted} columns` : undefined
  }
}

function tablesOf({ type, table_name: name }: Node): number {
  if (type === 'TABLE_FUNCTION') return 1
  if (type !== 'BASE_TABLE') return 0
  return viewOfCandles.test(String(name)) ? tablesOfView : 1
}

/** What COLUMNS(…) chooses by is asked of the names of columns alone, once; not so what it puts in their place. */
function isColumnChoice({ class: kind, columns }: Node): boolean {
  return kind === 'STAR' && columns === true
}

function placeIn(node: Node, place: Place): Place {
  if (node.class === 'LAMBDA')
    return {
      inLambda: true,
      becomesRows: false,
      element: elementOf(node, place),
      subqueries: place.subqueries ?? 0,
    }
  if (node.class === 'SUBQUERY') return { ...place, subqueries: (place.subqueries ?? 0) + 1 }
  if (node.type === 'TABLE_FUNCTION') return { ...place, becomesRows: true }
  if (node.class !== 'FUNCTION') return place
  const isEach = eachOf.test(lower(node))
  return {
    ...place,
    becomesRows: lower(node) === 'unnest',
    isEach,
    isWithin: isEach && goesThrough(node, place),
  }
}

/** Whether what is called goes through the value of the list that the lambda around it goes through, or what is made of it so. */
function goesThrough(node: Node, place: Place): boolean {
  const { element } = place
  const list = node.children?.[0] as Node | undefined
  if (element === undefined || list === undefined || !eachOf.test(lower(node))) return false
  if (list.class === 'FUNCTION') return goesThrough(list, place)
  const names = list.class === 'COLUMN_REF' ? (list.column_names ?? []) : []
  return names.length === 1 && names[0] === element
}

/** Its first parameter, of a lambda that is called once for each value. */
function elementOf({ lhs }: Node, { isEach }: Place): string | undefined {
  const first = lhs?.class === 'FUNCTION' ? (lhs.children?.[0] as Node) : lhs
  return isEach === true ? String(first?.column_names?.[0]) : undefined
}

/** Whether an expression is the same for all rows. */
function isWritten(node: Node | null | undefined): boolean {
  if (node === null || node === undefined) return true
  if (node.class === 'CAST') return isWritten(node.child)
  const select = node.class === 'SUBQUERY' ? node.subquery?.node : undefined
  if (select?.from_table?.type === 'EMPTY')
    return select.select_list?.every((column) => isWritten(column)) === true
  if (node.class === 'FUNCTION')
    return cheap.has(lower(node)) && (node.children as Node[]).every((child) => isWritten(child))
  return node.class === 'CONSTANT' || node.class === 'PARAMETER'
}

function isGrowing(name: string): boolean {
  return growingToo.has(name) || (growing.test(name) && !cheap.has(name))
}

function lower({ function_name: name }: Node): string {
  return String(name).toLowerCase()
}

function isShortText(node: unknown): boolean {
  if (node === undefined) return true
  const { class: kind, value } = node as Node
  return kind === 'CONSTANT' && String(value?.value).length <= longestBetween
}

function isLong(value: unknown): boolean {
  return typeof value === 'string' && value.length > longestWritten
}

function isShort({ children = [] }: Node): boolean {
  return (children as readonly Node[]).every(
    ({ class: kind, value }) =>
      kind === 'CONSTANT' && Math.abs(Number(value?.value)) <= longestCounted,
  )
}
