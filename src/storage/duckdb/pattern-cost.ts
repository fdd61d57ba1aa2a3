import { regexWeight } from './regex-weight.ts'

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
const takesRegex = /^(?:regexp_(?!escape$)\w+|str(?:ing)?_split_regex)$/
/** Signs of all patterns of a statement that are tried at every place of a text. */
const mostSigns = 1_000
/** Places that all regular expressions of a statement may be in at once. */
const mostPlaces = 100

/** A call of a function, as the engine's parser gives it. */
export interface Call {
  readonly class?: unknown
  readonly function_name?: unknown
  readonly children?: readonly unknown[]
  readonly value?: { readonly value?: unknown }
}

/**
 * The patterns of a statement that may take for ever. Each sign for any text, but for one at the end,
 * makes the engine try every place of a text anew, and at each place it goes through the pattern: two
 * of them, or some hundred `[a-z]`, take minutes for 2,048 long texts, and it hears no interrupt meanwhile.
 */
export class PatternCost {
  #signs = 0
  #places = 0

  /** What is wrong with a call, in words; undefined: nothing. */
  faultOf({ function_name: called, children }: Call): string | undefined {
    const name = String(called).toLowerCase()
    const comparison = comparisons[name]
    const isRegex = takesRegex.test(name)
    if (comparison === undefined && !isRegex) return undefined
    const written = comparison?.written ?? name
    const pattern = children?.[1] as Call | undefined
    if (pattern?.class !== 'CONSTANT')
      return `\`${written}\` takes a pattern that is written out; contains(…), starts_with(…) and ends_with(…) take any text: \`contains(x, y)\` is \`x LIKE '%' || y || '%'\``
    const text = String(pattern.value?.value)
    if (comparison === undefined) return this.#faultOfRegex(text)
    return this.#faultOfSigns(text, comparison, linear.has(name))
  }

  #faultOfSigns(
    text: string,
    { any, written }: { readonly any: string; readonly written: string },
    isLinear: boolean,
  ): string | undefined {
    if (isLinear && !text.includes('_')) return undefined
    this.#signs += text.length
    if (this.#signs > mostSigns)
      return `patterns have ${mostSigns} characters at most, all of a statement together (a LIKE without \`_\` has any number)`
    const tries = text.slice(0, -1).split(any).length - 1
    if (tries <= 1) return undefined
    const place = isLinear ? `\`${written}\` with a \`_\`` : `\`${written}\``
    return `${place} takes one \`${any}\` beside one at the end: more may take hours (a LIKE without \`_\` takes any number of \`%\`: \`lower(x) LIKE '%a%b%'\`)`
  }

  #faultOfRegex(text: string): string | undefined {
    this.#places += regexWeight(text)
    if (this.#places <= mostPlaces) return undefined
    return `regular expressions have ${mostPlaces} signs at most, all of a statement together and counted parts (\`{1,30}\`) as often as they may come`
  }
}
