import { closest } from 'fastest-levenshtein'
import { PairduckError, visible } from '../../errors.ts'
import { presets, type ImportPreset } from './presets.ts'
import { shapeOf } from './shapes.ts'

/** Field of ours → the names under which files have it, best first. */
export type KnownNames = Readonly<Record<string, readonly string[]>>

/** Our own names, those of Binance's public files and streams, ccxt's, and of other sources. */
export const tickNames: KnownNames = {
  timestamp: names(
    'timestamp trade_time_ms trade_time transact_time created_time exchange_timestamp time ts mts datetime date_time date unix unixtime T',
  ),
  price: names('price px p last rate trade_price'),
  volume: names('volume qty quantity amount size sz vol base_volume contracts q v'),
  side: names('side taker_side takerSide aggressor_side direction trade_side S'),
  buyerIsMaker: names('buyerIsMaker buyer_is_maker is_buyer_maker isBuyerMaker taker_side_sell m'),
  tradeId: names(
    'tradeId trade_id trdMatchID trade_no match_id matchId execId exec_id id agg_trade_id tid t a i',
  ),
}

export const candleNames: KnownNames = {
  timestamp: names(
    'timestamp open_time openTime open_timestamp time ts unix date datetime gmt_time t',
  ),
  open: names('open o'),
  high: names('high h'),
  low: names('low l'),
  close: names('close c'),
  volume: names('volume v vol tick_volume tickvol amount'),
  buyVolume: names(
    'buyVolume buy_volume taker_buy_volume taker_buy_base_volume taker_buy_base_asset_volume',
  ),
  sellVolume: names('sellVolume sell_volume'),
  quoteVolume: names('quoteVolume quote_volume quote_asset_volume turnover'),
  tradeCount: names('tradeCount trade_count count trades number_of_trades'),
}

const everyName = new Set(
  [...Object.values(tickNames), ...Object.values(candleNames)].flat().map((name) => bare(name)),
)

/** Whether a header may hold it: what tells one from a title. */
export function isKnownName(name: string): boolean {
  return everyName.has(bare(name))
}

/** The file's column for each of our fields, and how the source is called where it was recognised. */
export interface ColumnMap {
  readonly columns: Readonly<Record<string, string>>
  readonly preset: ImportPreset | undefined
}

/**
 * Finds the file's column for each of our fields: the caller's names first, then those of a source
 * that is recognised, by its header or, without one, by its values, then known ones.
 * `IMPORT_FAILED` for a name that the file does not have, or a needed field that none fits.
 */
export function mapColumns(
  file: string,
  of: {
    readonly kind: 'trades' | 'candles'
    readonly present: readonly string[]
    readonly samples: (column: string) => readonly string[]
    readonly given: Readonly<Record<string, string>>
    readonly needed: readonly string[]
  },
): ColumnMap {
  const { present, given, kind } = of
  const known = kind === 'trades' ? tickNames : candleNames
  const map = givenColumns(file, present, known, given)
  const preset = presets.find(
    (each) => each.kind === kind && each.needs.every((name) => find(present, name) !== undefined),
  )
  for (const [field, column] of Object.entries(presetColumns(present, preset)))
    map[field] ??= column
  for (const [field, all] of Object.entries(known)) {
    if (map[field] !== undefined) continue
    const found = all.map((name) => find(present, name)).find((name) => name !== undefined)
    if (found !== undefined) map[field] = found
  }
  if (present.every((name) => /^column\d+$/.test(name)))
    for (const [field, column] of Object.entries(shapeColumns(kind, present, of.samples)))
      map[field] ??= column
  joinClock(present, of.samples, map, given)
  // `side` given by name beats a recognised buyerIsMaker, and the other way round.
  if (given['buyerIsMaker'] !== undefined && given['side'] === undefined) delete map['side']
  else if (given['side'] !== undefined || map['side'] !== undefined) delete map['buyerIsMaker']
  refuseDoubles(file, present, map)
  for (const field of of.needed) {
    const fits = field.split('|').some((each) => map[each] !== undefined)
    if (!fits)
      throw new PairduckError(
        'IMPORT_FAILED',
        `${visible(file)}: no column for ${field.replace('|', ' or ')}; the file has ${listed(present)}: name it with \`columns\` (--columns ${field.split('|')[0]!}=…)${field.startsWith('side') ? withoutSide : otherLayout(present, of.samples)}`,
        { file, field },
      )
  }
  return { columns: map, preset }
}

const withoutSide =
  '; where no column tells which side took, `--side-rule tick` (`sideRule`) infers it from the prices, and bars of the same source can be imported with --candles'

/** What keeps columns out of sight. */
function otherLayout(
  present: readonly string[],
  samples: (column: string) => readonly string[],
): string {
  const nested = present.find((name) => samples(name)[0]?.startsWith('[object ') === true)
  if (nested !== undefined && /^\w+$/.test(nested))
    return `; what is inside of \`${nested}\` is not looked at, and jq -c .${nested} makes lines of it`
  return present.length === 1 && /\S[\s^~:;]+\S/.test(present[0]!)
    ? '; values are parted by commas, semicolons, tabs or bars (|), and here by none of them'
    : ''
}

function givenColumns(
  file: string,
  present: readonly string[],
  known: KnownNames,
  given: Readonly<Record<string, string>>,
): Record<string, string> {
  const map: Record<string, string> = {}
  for (const [field, column] of Object.entries(given)) {
    if (known[field] === undefined)
      throw new TypeError(
        `columns: unknown field \`${field}\`; known: ${Object.keys(known).join(', ')}`,
      )
    map[field] = columnNamed(file, present, column, field)
  }
  return map
}

/** The file's own spelling of a column, or of two that are parted by `+`. */
export function columnNamed(
  file: string,
  present: readonly string[],
  column: string,
  field: string,
): string {
  const found = find(present, column) ?? find(present, column.trim())
  if (found !== undefined) return found
  const parts = column.split('+')
  if (parts.length > 1)
    return parts.map((part) => columnNamed(file, present, part.trim(), field)).join('+')
  const near =
    present.length > 0 ? ` (did you mean \`${visible(closest(column, [...present]))}\`?)` : ''
  throw new PairduckError(
    'IMPORT_FAILED',
    `${visible(file)}: there is no column \`${visible(column)}\` for ${field}${near}; the file has ${listed(present)}`,
    { file, column },
  )
}

function presetColumns(
  present: readonly string[],
  preset: ImportPreset | undefined,
): Record<string, string> {
  const map: Record<string, string> = {}
  for (const [field, column] of Object.entries(preset?.columns ?? {})) {
    const found =
      typeof column === 'string'
        ? column
            .split('+')
            .map((part) => find(present, part)!)
            .join('+')
        : present.filter((name) => column[0].test(name))[column[1]]
    if (found !== undefined) map[field] = found
  }
  return map
}

function shapeColumns(
  kind: 'trades' | 'candles',
  present: readonly string[],
  samples: (column: string) => readonly string[],
): Record<string, string> {
  const map: Record<string, string> = {}
  const found = shapeOf(kind, present.map(samples))
  for (const [at, [field]] of (found?.columns ?? []).entries()) {
    if (field === '') continue
    const before = map[field]
    map[field] = before === undefined ? present[at]! : `${before}+${present[at]!}`
  }
  return map
}

/** A column of days has the time of day in the one beside it. */
function joinClock(
  present: readonly string[],
  samples: (column: string) => readonly string[],
  map: Record<string, string>,
  given: Readonly<Record<string, string>>,
): void {
  if (given['timestamp'] !== undefined) return
  const date = find(present, 'date')
  const time = find(present, 'time')
  if (date === undefined || time === undefined) return
  if (map['timestamp'] !== date && map['timestamp'] !== time) return
  const clocks = samples(time).filter((value) => value.trim() !== '')
  const isWritten = clocks.every((value) => /^\s*(?:\d\d?:\d\d|\d{6}\s*$)/.test(value))
  if (clocks.length > 0 && isWritten) map['timestamp'] = `${date}+${time}`
}

function refuseDoubles(
  file: string,
  present: readonly string[],
  map: Readonly<Record<string, string>>,
): void {
  for (const column of Object.values(map))
    if (present.indexOf(column) !== present.lastIndexOf(column))
      throw new PairduckError(
        'IMPORT_FAILED',
        `${visible(file)}: there are two columns \`${visible(column)}\`: give each a name of its own`,
        { file, column },
      )
}

/** The column of a name, in any case, and with MetaTrader's angle brackets. */
export function find(present: readonly string[], name: string): string | undefined {
  const exact = present.find((column) => column === name)
  // Of one letter, case tells two names apart: Binance's `t` is an id and `T` a time.
  if (exact !== undefined || name.length === 1) return exact
  return present.find((column) => bare(column) === bare(name))
}

function bare(name: string): string {
  const plain = name.replaceAll(/[<>]/g, '').trim().replaceAll(' ', '_')
  return plain.length === 1 ? plain : plain.toLowerCase()
}

export function listed(columns: readonly string[]): string {
  const shown = columns
    .slice(0, 40)
    .map((name) => visible(name.length > 60 ? `${name.slice(0, 57)}…` : name))
    .join(', ')
  return columns.length > 40 ? `${shown} … (${columns.length} columns)` : shown
}

function names(all: string): readonly string[] {
  return all.split(' ')
}
