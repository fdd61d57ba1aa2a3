import { PairduckError } from '../../errors.ts'
import { sqlTokens, type PlacedToken } from './sql-tokens.ts'

/** A call, as the engine's parser places it. */
interface PlacedCall {
  readonly class?: unknown
  readonly function_name?: unknown
  readonly query_location?: unknown
}

/** Where the text of a call begins and ends, with what filters and orders it. */
export function extentOf(text: string, call: PlacedCall): { start: number; end: number } {
  const at = Buffer.from(text).subarray(0, Number(call.query_location)).toString().length
  const isArray = call.class === 'SUBQUERY'
  const tokens = sqlTokens(text) ?? []
  const from = tokens.findIndex((token) => token.at >= at)
  const open = tokens.findIndex(
    ({ value, kind }, index) => index >= from && value === '(' && kind === 'symbol',
  )
  const called = tokens[open - 1]
  const name = isArray ? 'array' : String(call.function_name).toLowerCase()
  const isCalled = open >= 0 && called?.value.toLowerCase() === name
  const start = tokens[isArray ? open - 1 : from]
  if (
    !isCalled ||
    (!isArray && start?.at !== at) ||
    start === undefined ||
    (!isArray && open - from > 5)
  )
    throw new PairduckError('QUERY_FAILED', `sql: write \`${name}(…)\`, not in another way`)
  let close = closing(tokens, open)
  for (;;) {
    const [first, second] = [tokens[close + 1]?.value, tokens[close + 2]?.value]
    if (first === 'filter' && second === '(') close = closing(tokens, close + 2)
    else if (first === 'within' && second === 'group') close = closing(tokens, close + 3)
    else return { start: start.at, end: tokens[close]!.end }
  }
}

function closing(tokens: readonly PlacedToken[], open: number): number {
  let depth = 0
  for (let at = open; at < tokens.length; at++) {
    if (tokens[at]!.kind !== 'symbol') continue
    if (tokens[at]!.value === '(') depth++
    if (tokens[at]!.value === ')' && --depth === 0) return at
  }
  return tokens.length - 1
}
