import { large } from './step-cost.ts'

/** Functions that make a value as large as a number says; each call is bounded by a macro of its name. */
const makers = new Set([
  'repeat',
  'lpad',
  'rpad',
  'list_resize',
  'array_resize',
  'range',
  'generate_series',
  'bitstring',
  'replace',
  'regexp_replace',
  'printf',
  'format',
])
/** Functions whose value is as large as all that they are given. */
export const joiners: ReadonlySet<string> = new Set([
  '||',
  'concat',
  'concat_ws',
  'list_concat',
  'list_cat',
  'array_concat',
  'array_cat',
  'list_value',
  'list_pack',
  'list_append',
  'list_prepend',
  'array_append',
  'array_prepend',
  'array_to_string',
])
/** Functions whose value is longer than what they are given, and by how much at most. */
const expanders: Readonly<Record<string, number>> = {
  hex: 2,
  to_hex: 2,
  bin: 8,
  to_binary: 8,
  base64: 2,
  to_base64: 2,
  url_encode: 3,
  regexp_escape: 2,
  to_json: 2,
  json_quote: 2,
  json_object: 2,
  json_array: 2,
  array_to_json: 2,
  row_to_json: 2,
  json_merge_patch: 2,
  // Each level of a document is set in farther.
  json_pretty: 100,
}
/** Functions whose value holds all that they are given, each as it is. */
export const packers: ReadonlySet<string> = new Set([
  'row',
  'struct_pack',
  'struct_insert',
  'struct_concat',
  'map',
  'map_concat',
  'map_from_entries',
  'array_value',
  'union_value',
  'list_zip',
  'array_zip',
])
/** Functions that hand on the value of one step to the next. */
const folds = new Set(['list_reduce', 'array_reduce', 'reduce'])
/** Those of which the bound names an argument more than once, which doubles what is in it. */
const series = new Set(['range', 'generate_series'])
const maxSeriesWithin = 3
/** A width, or a count of digits, of more than three figures, or one that is given at run time. */
const wide = /\d{4,}|%[^%a-z]*\*|\{[^}]*\{/i
/** How many such calls a statement may have. */
const maxMakers = 32
/** By how much joins of joins may make a value grow. */
const maxGrowth = 4_096
/** The same where it may have been made large before. */
const maxGrowthOfMade = 64
/** What a text may have that is not large yet. */
const shortText = 100

interface Node {
  readonly type?: unknown
  readonly class?: unknown
  readonly function_name?: unknown
  readonly schema?: unknown
  readonly catalog?: unknown
  readonly children?: readonly unknown[]
  readonly cast_type?: { readonly id?: unknown }
  readonly child?: Node
  readonly value?: { readonly value?: unknown }
}

/** Where a node stands. */
interface Place {
  /** What is inside is done for each element of a list. */
  readonly inLambda: boolean
  /** What is inside takes its own last value. */
  readonly isRepeated: boolean
  /** What is inside is a part of a value that is joined, and is counted with it. */
  readonly inJoin: boolean
  /** How many calls of which the arguments are written out several times it stands in. */
  readonly series: number
  /** What has been looked at already, where it stands in a way of its own. */
  readonly seen?: unknown
}

/**
 * What makes values of a parsed SELECT grow past all bounds, in words; undefined: nothing. The engine
 * makes a value in one step that no interrupt ends and no bound of memory counts.
 */
export function faultOfGrowth(
  tree: unknown,
  { isStrangers }: { readonly isStrangers: boolean },
): string | undefined {
  const growth = new Growth(isStrangers)
  growth.look(tree, { inLambda: false, isRepeated: false, inJoin: false, series: 0 })
  growth.end()
  return growth.fault
}

class Growth {
  fault: string | undefined
  readonly #isStrangers: boolean
  #makers = 0
  #factor = 1

  constructor(isStrangers: boolean) {
    this.#isStrangers = isStrangers
  }

  look(node: unknown, place: Place): void {
    if (typeof node !== 'object' || node === null || node === place.seen) return
    if (this.fault !== undefined) return
    const inside = Array.isArray(node) ? place : this.#enter(node, place)
    for (const child of Object.values(node)) this.look(child, inside)
  }

  #enter(node: Node, place: Place): Place {
    if (node.class === 'LAMBDA') return { ...place, inLambda: true }
    if (node.type === 'RECURSIVE_CTE_NODE') return { ...place, isRepeated: true }
    if (this.#isStrangers && isLongText(node)) this.#makers++
    if (this.#isStrangers && place.isRepeated && isCastToLarge(node))
      this.fault =
        'nothing is cast to a text or a list in the step of a recursion, where a value may grow with each: cast what it gives'
    if (node.class !== 'FUNCTION') return place
    const name = String(node.function_name).toLowerCase()
    if (makers.has(name)) this.#makes(name, node, place)
    if (this.#isStrangers) this.#grows(name, node, place)
    if (series.has(name)) return this.#enterSeries(name, place)
    if (folds.has(name)) return this.#enterFold(node, place)
    if (!joiners.has(name)) return place
    if (!place.inJoin) this.#joins(name, node, place)
    return { ...place, inJoin: true }
  }

  #enterSeries(name: string, place: Place): Place {
    if (place.series >= maxSeriesWithin)
      this.fault = `\`${name}\` is an argument of more than ${maxSeriesWithin} others`
    return { ...place, series: place.series + 1 }
  }

  /** The list that is gone through is made once; the steps take their own last value. */
  #enterFold({ schema, children = [] }: Node, place: Place): Place {
    const list = schema === '' ? (children[0] as Node) : undefined
    if (list?.class === 'LAMBDA') return { ...place, isRepeated: true }
    this.look(list, place)
    return { ...place, isRepeated: true, seen: list }
  }

  end(): void {
    if (this.#factor > (this.#makers > 0 ? maxGrowthOfMade : maxGrowth))
      this.fault ??= 'it joins values that are joined already too often'
  }

  /** What nobody means who asks for market data. */
  #grows(name: string, node: Node, { isRepeated }: Place): void {
    const by = expanders[name] ?? placesOf(name, node)
    // Of a row the type says how large it is, and no recursion changes that.
    const isPacker = packers.has(name) && !/^(?:row|struct_)/.test(name)
    const grows = isPacker || joiners.has(name) || makers.has(name) || by > 1
    if (isRepeated && grows)
      this.fault = `\`${name}\` is not called in the step of a recursion, where a value may grow with each`
    else if (by > 1) this.#factor *= by * Math.max(1, columnsOf(node.children))
  }

  #makes(name: string, node: Node, { inLambda }: Place): void {
    const isNamed = [node.schema, node.catalog].some(
      (part) => typeof part === 'string' && part !== '',
    )
    if (isNamed) this.fault = `\`${name}\` is called without a schema`
    else if (inLambda) this.fault = `\`${name}\` is not called for each value of a list`
    else if (++this.#makers > maxMakers)
      this.fault = `more than ${maxMakers} calls make values as large as a number says`
    else if ((name === 'printf' || name === 'format') && isWide(node.children?.[0]))
      this.fault = `\`${name}\` takes a written format with widths below 1,000`
  }

  #joins(name: string, node: Node, { isRepeated }: Place): void {
    const parts = columnsOf(node.children)
    if (isRepeated && parts > 1) this.fault = `\`${name}\` may double a value with each step`
    else this.#factor *= Math.max(1, parts)
  }
}

/** How often a written format takes its arguments. */
function placesOf(name: string, { children }: Node): number {
  if (name !== 'format' && name !== 'printf') return 1
  return String((children?.[0] as Node | undefined)?.value?.value).split(/[{%]/).length - 1
}

function isCastToLarge({ class: kind, cast_type: type, child }: Node): boolean {
  return kind === 'CAST' && large.test(String(type?.id)) && child?.class !== 'CONSTANT'
}

function isLongText({ class: kind, value }: Node): boolean {
  return kind === 'CONSTANT' && typeof value?.value === 'string' && value.value.length > shortText
}

function isWide(format: unknown): boolean {
  const { class: kind, value } = (format ?? {}) as Node
  return kind !== 'CONSTANT' || wide.test(String(value?.value))
}

/** How many times an expression takes a column. */
function columnsOf(node: unknown): number {
  if (typeof node !== 'object' || node === null) return 0
  if ((node as Node).class === 'COLUMN_REF') return 1
  return Object.values(node).reduce((sum: number, child) => sum + columnsOf(child), 0)
}
