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
const joiners = new Set([
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
/** Functions that hand on the value of one step to the next. */
const folds = new Set(['list_reduce', 'array_reduce', 'reduce'])
/** A width, or a count of digits, of more than three figures, or one that is given at run time. */
const wide = /\d{4,}|%[^%a-z]*\*|\{[^}]*\{/i
/** How many such calls a statement may have. */
const maxMakers = 32
/** By how much joins of joins may make a value grow. */
const maxGrowth = 4_096
/** The same where it may have been made large before. */
const maxGrowthOfMade = 64

interface Node {
  readonly type?: unknown
  readonly class?: unknown
  readonly function_name?: unknown
  readonly schema?: unknown
  readonly catalog?: unknown
  readonly children?: readonly unknown[]
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
}

/**
 * What makes values of a parsed SELECT grow past all bounds, in words; undefined: nothing. The engine
 * makes a value in one step that no interrupt ends and no bound of memory counts.
 */
export function faultOfGrowth(tree: unknown): string | undefined {
  const growth = new Growth()
  growth.look(tree, { inLambda: false, isRepeated: false, inJoin: false })
  growth.end()
  return growth.fault
}

class Growth {
  fault: string | undefined
  #makers = 0
  #factor = 1

  look(node: unknown, place: Place): void {
    if (typeof node !== 'object' || node === null || this.fault !== undefined) return
    const inside = Array.isArray(node) ? place : this.#enter(node, place)
    for (const child of Object.values(node)) this.look(child, inside)
  }

  #enter(node: Node, place: Place): Place {
    if (node.class === 'LAMBDA') return { ...place, inLambda: true }
    if (node.type === 'RECURSIVE_CTE_NODE') return { ...place, isRepeated: true }
    if (node.class !== 'FUNCTION') return place
    const name = String(node.function_name).toLowerCase()
    if (makers.has(name)) this.#makes(name, node, place)
    if (folds.has(name)) return { ...place, isRepeated: true }
    if (!joiners.has(name)) return place
    if (!place.inJoin) this.#joins(name, node, place)
    return { ...place, inJoin: true }
  }

  end(): void {
    if (this.#factor > (this.#makers > 0 ? maxGrowthOfMade : maxGrowth))
      this.fault ??= 'it joins values that are joined already too often'
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
