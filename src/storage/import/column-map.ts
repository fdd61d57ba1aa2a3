import { closest } from 'fastest-levenshtein'
import { PairduckError } from '../../errors.ts'

/** Field of ours → the names under which files have it, best first. */
export type KnownNames = Readonly<Record<string, readonly string[]>>

/** Our own names, those of Binance's public files and streams, and ccxt's. */
export const tickNames: KnownNames = {
  timestamp: [
    'timestamp',
    'trade_time_ms',
    'trade_time',
    'transact_time',
    'time',
    'ts',
    'datetime',
    'T',
  ],
  price: ['price', 'p'],
  volume: ['volume', 'qty', 'quantity', 'amount', 'size', 'q'],
  side: ['side', 'taker_side'],
  buyerIsMaker: ['buyerIsMaker', 'buyer_is_maker', 'is_buyer_maker', 'isBuyerMaker', 'm'],
  tradeId: ['tradeId', 'trade_id', 'id', 'agg_trade_id', 't', 'a'],
}

export const candleNames: KnownNames = {
  timestamp: ['timestamp', 'open_time', 'openTime', 'time', 'ts', 'date', 'datetime'],
  open: ['open', 'o'],
  high: ['high', 'h'],
  low: ['low', 'l'],
  close: ['close', 'c'],
  volume: ['volume', 'v'],
  buyVolume: ['buyVolume', 'buy_volume', 'taker_buy_volume', 'taker_buy_base_volume'],
  sellVolume: ['sellVolume', 'sell_volume'],
  quoteVolume: ['quoteVolume', 'quote_volume', 'quote_asset_volume'],
  tradeCount: ['tradeCount', 'trade_count', 'count', 'trades', 'number_of_trades'],
}

/** Binance's public spot files (trades, aggregated trades, klines) come without a header. */
const headless: readonly (readonly string[])[] = [
  ['tradeId', 'price', 'volume', '', 'timestamp', 'buyerIsMaker', ''],
  ['tradeId', 'price', 'volume', '', '', 'timestamp', 'buyerIsMaker', ''],
  'timestamp open high low close volume - quoteVolume tradeCount buyVolume - -'
    .split(' ')
    .map((field) => (field === '-' ? '' : field)),
]

/**
 * Finds the file's column for each of our fields: the caller's names first, then known ones.
 * `IMPORT_FAILED` for a name that the file does not have, or a needed field that none fits.
 */
export function mapColumns(
  file: string,
  present: readonly string[],
  known: KnownNames,
  given: Readonly<Record<string, string>>,
  needed: readonly string[],
): Record<string, string> {
  const map: Record<string, string> = {}
  for (const [field, column] of Object.entries(given)) {
    if (known[field] === undefined)
      throw new TypeError(
        `columns: unknown field \`${field}\`; known: ${Object.keys(known).join(', ')}`,
      )
    const found = find(present, column) ?? find(present, column.trim())
    if (found === undefined)
      throw new PairduckError(
        'IMPORT_FAILED',
        `${file}: there is no column \`${column}\` for ${field} (did you mean \`${closest(column, [...present])}\`?); the file has ${present.join(', ')}`,
        { file, column },
      )
    map[field] = found
  }
  for (const [field, names] of Object.entries(known)) {
    if (map[field] !== undefined) continue
    const found = names.map((name) => find(present, name)).find((name) => name !== undefined)
    if (found !== undefined) map[field] = found
  }
  for (const [field, column] of Object.entries(headlessMap(present, known))) map[field] ??= column
  // `side` given by name beats a recognised buyerIsMaker, and the other way round.
  if (given['buyerIsMaker'] !== undefined && given['side'] === undefined) delete map['side']
  else if (map['side'] !== undefined) delete map['buyerIsMaker']
  for (const column of Object.values(map))
    if (present.indexOf(column) !== present.lastIndexOf(column))
      throw new PairduckError(
        'IMPORT_FAILED',
        `${file}: there are two columns \`${column}\`: give each a name of its own`,
        { file, column },
      )
  for (const field of needed) {
    const fits = field.split('|').some((each) => map[each] !== undefined)
    if (!fits)
      throw new PairduckError(
        'IMPORT_FAILED',
        `${file}: no column for ${field.replace('|', ' or ')}; the file has ${present.join(', ')}: name it with \`columns\``,
        { file, field },
      )
  }
  return map
}

function find(present: readonly string[], name: string): string | undefined {
  const exact = present.find((column) => column === name)
  // Of one letter, case tells two names apart: Binance's `t` is an id and `T` a time.
  if (exact !== undefined || name.length === 1) return exact
  return present.find((column) => column.toLowerCase() === name.toLowerCase())
}

function headlessMap(present: readonly string[], known: KnownNames): Record<string, string> {
  if (!present.every((name) => /^column\d+$/.test(name))) return {}
  const fits = (fields: readonly string[]): boolean =>
    fields.length === present.length &&
    fields.every((field) => field === '' || known[field] !== undefined)
  const fields = headless.find(fits) ?? []
  return Object.fromEntries(
    fields
      .map((field, index) => [field, present[index]!] as const)
      .filter(([field]) => field !== ''),
  )
}
