import type { MirrorReader } from '../../mirror/mirror-reader.ts'

/**
 * What to tell someone who found nothing of a symbol: undefined for one of which something is
 * mirrored, else the symbol as it is written here, or how symbols are written.
 */
export async function symbolHint(
  reader: MirrorReader,
  symbol: string,
): Promise<string | undefined> {
  const known = await reader.listSymbols()
  if (known.includes(symbol) || (await reader.getTicker(symbol)) !== undefined) return undefined
  const like = known.find((each) => letters(each) === letters(symbol))
  const hint = like === undefined ? 'symbols are written like BTC/USDT' : `did you mean ${like}?`
  return `pairduck: nothing is mirrored of ${symbol}: ${hint}`
}

/** What is left of `btc-usdt`, `BTCUSDT` and `BTC/USDT:USDT` is the same. */
function letters(symbol: string): string {
  return symbol
    .replace(/:.*$/, '')
    .replaceAll(/[^a-z0-9]/gi, '')
    .toUpperCase()
}
