import { PairduckError, shown } from './errors.ts'

/** A trading pair: one DuckDB file. */
export interface Pair {
  /** Name of the exchange, in lower case. */
  readonly exchange: string
  /** Kind of market, such as `spot` or `futures`, in lower case. */
  readonly market: string
  /** The market, such as `BTC/USDT`. */
  readonly symbol: string
}

/** A pair, or its text form `binance/spot/BTC/USDT` (the first two slashes separate). */
export type PairLike = Pair | string

const namePattern = /^[a-z0-9][a-z0-9_-]{0,63}$/
const maxSymbolChars = 128
const maxFolderBytes = 255
/** Names that Windows keeps for devices, with or without an extension. */
const devicePattern = /^(?:CON|PRN|AUX|NUL|COM[0-9]|LPT[0-9])(?:\.|$)/

/**
 * Checks a pair and brings it into its one form: exchange and market in lower case, the symbol
 * as it is. Throws `INVALID_PAIR` naming the part and the value.
 */
export function parsePair(pair: PairLike): Pair {
  const { exchange, market, symbol } = typeof pair === 'string' ? splitText(pair) : fields(pair)
  const parsed = {
    exchange: checkedName('exchange', exchange),
    market: checkedName('market', market),
    symbol: checkedSymbol(symbol),
  }
  symbolToFolder(parsed.symbol)
  return Object.freeze(parsed)
}

/** The text form, `exchange/market/symbol`; the inverse of {@link parsePair}. */
export function formatPair({ exchange, market, symbol }: Pair): string {
  return `${exchange}/${market}/${symbol}`
}

/**
 * The folder name of a symbol. `A-Z 0-9 - _` and inner dots stand for themselves, every other
 * byte of its UTF-8 is percent-encoded, lower-case letters included, so that two symbols never
 * meet in one folder on a disk that ignores case.
 */
export function symbolToFolder(symbol: string): string {
  const bytes = Buffer.from(symbol, 'utf8')
  let folder = ''
  for (const [index, byte] of bytes.entries()) {
    const char = String.fromCodePoint(byte)
    const innerDot = char === '.' && index > 0 && index < bytes.length - 1
    folder += innerDot || /[A-Z0-9_-]/.test(char) ? char : percent(byte)
  }
  if (devicePattern.test(folder)) folder = percent(bytes[0]!) + folder.slice(1)
  if (folder.length > maxFolderBytes)
    throw new PairduckError(
      'INVALID_PAIR',
      `symbol ${shown(symbol)} needs a folder name of ${folder.length} bytes; a file system takes ${maxFolderBytes}`,
      { part: 'symbol', value: symbol },
    )
  return folder
}

/** The symbol of a folder name, or undefined when {@link symbolToFolder} never makes that name. */
export function folderToSymbol(folder: string): string | undefined {
  try {
    const symbol = checkedSymbol(decodeURIComponent(folder))
    return symbolToFolder(symbol) === folder ? symbol : undefined
  } catch {
    return undefined
  }
}

/** Whether a folder name can be an exchange's or a market's. */
export function isPairName(folder: string): boolean {
  return namePattern.test(folder) && !devicePattern.test(folder.toUpperCase())
}

function splitText(text: string): Pair {
  const first = text.indexOf('/')
  const second = text.indexOf('/', first + 1)
  if (first < 0 || second < 0)
    throw new PairduckError(
      'INVALID_PAIR',
      `expected a pair as exchange/market/symbol, such as binance/spot/BTCUSDT, got ${shown(text)}`,
      { part: 'pair', value: text },
    )
  return {
    exchange: text.slice(0, first),
    market: text.slice(first + 1, second),
    symbol: text.slice(second + 1),
  }
}

function fields(pair: unknown): Record<'exchange' | 'market' | 'symbol', unknown> {
  if (typeof pair !== 'object' || pair === null)
    throw new PairduckError(
      'INVALID_PAIR',
      `expected a pair as { exchange, market, symbol } or as text, got ${shown(pair)}`,
    )
  const { exchange, market, symbol } = pair as Record<string, unknown>
  return { exchange, market, symbol }
}

function checkedName(part: string, value: unknown): string {
  // Only ASCII letters may change case: `İ` must not slip in as `i̇`.
  const name =
    typeof value === 'string' ? value.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase()) : ''
  if (!isPairName(name))
    throw new PairduckError(
      'INVALID_PAIR',
      `${part} ${shown(value)} is not 1 to 64 letters, digits, _ or -, beginning with a letter or digit, and no device name of Windows`,
      { part, value },
    )
  return name
}

function checkedSymbol(value: unknown): string {
  if (
    typeof value !== 'string' ||
    value.length === 0 ||
    [...value].length > maxSymbolChars ||
    /\p{Cc}/u.test(value) ||
    !value.isWellFormed()
  )
    throw new PairduckError(
      'INVALID_PAIR',
      `symbol ${shown(value)} is not 1 to ${maxSymbolChars} Unicode characters without control characters`,
      { part: 'symbol', value },
    )
  return value
}

function percent(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
}
