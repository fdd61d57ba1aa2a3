import { cheap, large } from './step-cost.ts'

/** Of what is cheap the functions that take a value of any type. */
const takesAny = new Set(
  'if ifnull nullif least greatest struct_pack struct_extract row'.split(' '),
)

interface Node {
  readonly type?: unknown
  readonly class?: unknown
  readonly function_name?: unknown
  readonly column_names?: readonly unknown[]
  readonly cast_type?: { readonly id?: unknown }
  readonly children?: readonly unknown[]
  readonly lhs?: Node
  readonly expr?: unknown
}

/**
 * What a lambda of a parsed SELECT takes from outside as it is, in words; undefined: nothing. A list of
 * ten thousand values that each of ten thousand others gives, or is compared with another one for, is a
 * gigabyte or a second for one row, and 2,048 rows are one step.
 */
export function faultOfCaptured(tree: unknown): string | undefined {
  return look(tree, undefined, false)
}

/** `isPlain`: what stands here can only be a number, a time, or as large as what is written there. */
function look(
  node: unknown,
  own: ReadonlySet<string> | undefined,
  isPlain: boolean,
): string | undefined {
  if (typeof node !== 'object' || node === null) return undefined
  const { class: kind, lhs, expr } = node as Node
  if (kind === 'LAMBDA') return look(expr, parametersOf(lhs), false)
  if (own !== undefined && !isPlain && isColumn(node) && !isOwn(node, own))
    return "a column, or `x.price`, is taken within a lambda as a number or a time: write `x * c`, `x > c`, `c::DOUBLE` or `struct_extract(x, 'price')`"
  const isPlainInside = Array.isArray(node)
    ? isPlain
    : own !== undefined && isPlainWithin(node, own, isPlain)
  for (const [name, child] of Object.entries(node)) {
    // What COLUMNS(…) chooses by takes names alone.
    const found = kind === 'STAR' && name === 'expr' ? undefined : look(child, own, isPlainInside)
    if (found !== undefined) return found
  }
  return undefined
}

function isColumn({ class: kind }: Node): boolean {
  return kind === 'COLUMN_REF' || kind === 'STAR' || kind === 'POSITIONAL_REFERENCE'
}

/**
 * Whether it is a parameter of the lambda's own. `x.price` is none: where there is a table or a column
 * of that name the engine takes it for that one's, and also where the name is written another way.
 */
function isOwn({ column_names: names }: Node, own: ReadonlySet<string>): boolean {
  return names?.length === 1 && own.has(String(names[0]))
}

/** The same, or a part of its value. */
function isOfOwn(node: Node, own: ReadonlySet<string>): boolean {
  const isPart = node.type === 'ARRAY_EXTRACT' || node.function_name === 'struct_extract'
  return isPart ? isOfOwn(node.children?.[0] as Node, own) : isOwn(node, own)
}

function isPlainWithin(node: Node, own: ReadonlySet<string>, isPlain: boolean): boolean {
  const { class: kind, type } = node
  if (isNumber(node) || /^OPERATOR_IS_(?:NOT_)?NULL$/.test(String(type))) return true
  if (type === 'ARRAY_EXTRACT') return isPlain
  if (kind !== 'COMPARISON' && kind !== 'BETWEEN' && !/^COMPARE_(?:NOT_)?IN$/.test(String(type)))
    return false
  // What is compared with something small is looked at no farther than that.
  return Object.values(node)
    .flat()
    .some((part: unknown) => {
      if (typeof part !== 'object' || part === null) return false
      return (part as Node).class === 'CONSTANT' || isNumber(part) || isOfOwn(part, own)
    })
}

/** Whether it takes, and gives, numbers and times alone. */
function isNumber({ class: kind, function_name: called, cast_type: type }: Node): boolean {
  if (kind === 'CAST') return !large.test(String(type?.id))
  const name = String(called).toLowerCase()
  return kind === 'FUNCTION' && cheap.has(name) && !takesAny.has(name)
}

/** The names of a lambda's parameters: one, or a row of them. */
function parametersOf(lhs: Node | undefined): ReadonlySet<string> {
  const parts = lhs?.class === 'FUNCTION' ? (lhs.children as readonly Node[]) : [lhs]
  return new Set(parts.map((part) => String(part?.column_names?.[0])))
}
