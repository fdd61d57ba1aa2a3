/**
 * What is wrong with the number of a command's arguments: what it takes, what it was given, and how it
 * is called. Undefined for the parser's other complaints.
 */
export function argumentsFault(
  complaint: string,
  usage: string | undefined,
  args: readonly string[],
): string | undefined {
  if (usage === undefined) return undefined
  const call = `usage: pairduck ${usage}`
  const missing = /missing required argument '([^']+)'/.exec(complaint)?.[1]
  if (missing !== undefined) return `${missing} is missing; ${call}${pairHint(usage, args)}`
  const found = /too many arguments for '([^']+)'. Expected (\d+) arguments? but got (\d+)/.exec(
    complaint,
  )
  if (found === null) return undefined
  const [, command, wanted, given] = found
  const takes =
    wanted === '0' ? 'no arguments' : wanted === '1' ? 'one argument' : `${wanted} arguments`
  return `${command} takes ${takes}, and got ${given}; ${call}${pairHint(usage, args)}`
}

/** Who names a pair by several words is told of the one. */
function pairHint(usage: string, args: readonly string[]): string {
  if (!/[<[]pair/.test(usage)) return ''
  const words = args.slice(1).filter((arg) => /^[\w-]+$/.test(arg) && !arg.startsWith('-'))
  if (words.length < 2 && !usage.includes('<pair>')) return ''
  const [exchange = 'binance', ...rest] = words
  const symbol = rest.at(-1) ?? 'BTCUSDT'
  return words.length < 2
    ? ' (a pair is exchange/market/symbol, such as binance/spot/BTCUSDT)'
    : ` (a pair is one word, exchange/market/symbol: ${exchange}/spot/${symbol}?)`
}
