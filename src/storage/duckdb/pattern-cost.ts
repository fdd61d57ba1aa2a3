/** How the engine calls its comparisons with a pattern: the sign for any text, and how a user writes it. */
const comparisons: Readonly<Record<string, { readonly any: string; readonly written: string }>> = {
  '~~': { any: '%', written: 'LIKE' },
  '!~~': { any: '%', written: 'NOT LIKE' },
  '~~*': { any: '%', written: 'ILIKE' },
  '!~~*': { any: '%', written: 'NOT ILIKE' },
  like_escape: { any: '%', written: 'LIKE … ESCAPE' },
  not_like_escape: { any: '%', written: 'NOT LIKE … ESCAPE' },
  ilike_escape: { any: '%', written: 'ILIKE … ESCAPE' },
  not_ilike_escape: { any: '%', written: 'NOT ILIKE … ESCAPE' },
  '~~~': { any: '*', written: 'GLOB' },
}
/** Of these the engine goes once through a text, however many signs a pattern without `_` has. */
const linear = new Set(['~~', '!~~'])

interface Node {
  readonly class?: unknown
  readonly function_name?: unknown
  readonly children?: readonly unknown[]
  readonly value?: { readonly value?: unknown }
}

/**
 * What pattern of a parsed SELECT may take for ever, in words; undefined: none. Each sign for any
 * text, but for one at the end, makes the engine try every place of a text anew: two of them take
 * minutes for 2,048 texts of 10,000 characters, and it hears no interrupt meanwhile.
 */
export function faultOfPatterns(node: unknown): string | undefined {
  if (typeof node !== 'object' || node === null) return undefined
  const own = Array.isArray(node) ? undefined : faultOf(node)
  if (own !== undefined) return own
  for (const child of Object.values(node)) {
    const found = faultOfPatterns(child)
    if (found !== undefined) return found
  }
  return undefined
}

function faultOf({ class: kind, function_name: called, children }: Node): string | undefined {
  const name = String(called).toLowerCase()
  const comparison = comparisons[name]
  if (kind !== 'FUNCTION' || comparison === undefined) return undefined
  const { any, written } = comparison
  const pattern = children?.[1] as Node | undefined
  if (pattern?.class !== 'CONSTANT')
    return `\`${written}\` takes a pattern that is written out; contains(…), starts_with(…) and ends_with(…) take any text`
  const text = String(pattern.value?.value)
  if (linear.has(name) && !text.includes('_')) return undefined
  const tries = text.slice(0, -1).split(any).length - 1
  if (tries <= 1) return undefined
  const place = linear.has(name) ? `\`${written}\` with a \`_\`` : `\`${written}\``
  return `${place} takes one \`${any}\` beside one at the end: more may take hours (a LIKE without \`_\` takes any number of \`%\`)`
}
