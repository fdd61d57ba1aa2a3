/** A piece of a statement, as the engine's own scanner cuts it. */
export interface SqlToken {
  /** `name` is in double quotes; `word` is a keyword or a name without them, in lower case. */
  readonly kind: 'word' | 'name' | 'text' | 'symbol'
  /** What is in the quotes, the word, or the one character. */
  readonly value: string
}

/** A token, and where it stands in the text. */
export interface PlacedToken extends SqlToken {
  readonly at: number
  readonly end: number
}

/** What is between two tokens; a comment holds comments. */
const blank = /[ \t\n\r\f]+|--[^\n\r]*/y
const commentEdge = /\/\*|\*\//g
const word = /[A-Za-z_\u0080-\u{10ffff}][\w$\u0080-\u{10ffff}]*/uy
const name = /"((?:[^"]|"")*)"/y
const text = /(?:[bnx]|u&)?'((?:[^']|'')*)'/iy
const escapedText = /e'((?:\\[^]|''|[^'\\])*)'/iy
const dollarQuote = /\$(?:[A-Za-z_\u0080-\u{10ffff}][\w\u0080-\u{10ffff}]*)?\$/uy
/** Blanks that only some take for one, and characters without a form. */
const unseen = /(?![ \t\n\r\f])[\p{Z}\p{C}]/u

/**
 * Cuts statements into tokens, without blanks and comments. Undefined for what the engine refuses
 * too or reads in a way of its own: a quote or comment without an end, blanks that are no ASCII, or a
 * text with backslashes that goes on in the next quotes.
 */
export function sqlTokens(sql: string): PlacedToken[] | undefined {
  const tokens: PlacedToken[] = []
  let at = 0
  let afterEscaped = false
  while (at < sql.length) {
    const next = afterBlank(sql, at)
    if (next === undefined) return undefined
    if (next > at) {
      at = next
      continue
    }
    const isEscaped = matchAt(escapedText, sql, at) !== undefined
    const found = tokenAt(sql, at)
    if (found === undefined) return undefined
    const { token, end } = found
    if (token.kind !== 'text' && token.kind !== 'name' && unseen.test(token.value)) return undefined
    if (afterEscaped && token.kind === 'text') return undefined
    tokens.push({ ...token, at, end })
    afterEscaped = isEscaped
    at = end
  }
  return tokens
}

/** Where the blank or the comment ends that begins here; undefined: it has no end. */
function afterBlank(sql: string, at: number): number | undefined {
  const end = matchAt(blank, sql, at)?.end
  if (end !== undefined) return end
  if (!sql.startsWith('/*', at)) return at
  let depth = 0
  commentEdge.lastIndex = at
  for (let edge = commentEdge.exec(sql); edge !== null; edge = commentEdge.exec(sql)) {
    depth += edge[0] === '/*' ? 1 : -1
    if (depth === 0) return commentEdge.lastIndex
  }
  return undefined
}

function tokenAt(sql: string, at: number): { token: SqlToken; end: number } | undefined {
  const quoted = matchAt(name, sql, at)
  if (quoted !== undefined)
    return { token: { kind: 'name', value: quoted.inner.replaceAll('""', '"') }, end: quoted.end }
  const literal = matchAt(escapedText, sql, at) ?? matchAt(text, sql, at)
  if (literal !== undefined)
    return { token: { kind: 'text', value: literal.inner }, end: literal.end }
  const tag = matchAt(dollarQuote, sql, at)
  if (tag !== undefined) {
    const mark = sql.slice(at, tag.end)
    const close = sql.indexOf(mark, tag.end)
    if (close < 0) return undefined
    return {
      token: { kind: 'text', value: sql.slice(tag.end, close) },
      end: close + mark.length,
    }
  }
  const plain = matchAt(word, sql, at)
  if (plain !== undefined) {
    const value = sql.slice(at, plain.end).toLowerCase()
    return { token: { kind: 'word', value }, end: plain.end }
  }
  const symbol = sql[at]!
  if (symbol === '"' || symbol === "'") return undefined
  return { token: { kind: 'symbol', value: symbol }, end: at + 1 }
}

function matchAt(
  pattern: RegExp,
  sql: string,
  at: number,
): { inner: string; end: number } | undefined {
  pattern.lastIndex = at
  const match = pattern.exec(sql)
  return match === null ? undefined : { inner: match[1] ?? '', end: pattern.lastIndex }
}
