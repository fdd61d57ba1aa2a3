/** What a value may be, told by looking at it. */
type ValueKind =
  | 'id'
  | 'number'
  | 'signed'
  | 'time'
  | 'fine'
  | 'flag'
  | 'side'
  | 'word'
  | 'day'
  | 'clock'
  | 'any'

/** A file without a header: what each column holds, and which field of ours it is. */
export interface Shape {
  readonly name: string
  readonly about: string
  readonly kind: 'trades' | 'candles'
  readonly columns: readonly (readonly [field: string, kind: ValueKind])[]
  /** What a row's values say together, where others have columns of the same kinds. */
  readonly isRow?: ((values: readonly number[]) => boolean) | undefined
}

/**
 * Of those whose every column fits the values the first is taken whose rows do, too; else the first
 * that asks nothing of rows; else the first.
 */
export const shapes: readonly Shape[] = [
  shape(
    'binance-spot-trades',
    'Binance spot trades',
    'trades',
    'tradeId:id price:number volume:number -:number timestamp:time buyerIsMaker:flag -:flag',
  ),
  shape(
    'binance-futures-trades',
    'Binance USD-M and COIN-M trades',
    'trades',
    'tradeId:id price:number volume:number -:number timestamp:time buyerIsMaker:flag',
  ),
  shape(
    'binance-spot-aggregates',
    'Binance spot aggregated trades',
    'trades',
    'tradeId:id price:number volume:number -:id -:id timestamp:time buyerIsMaker:flag -:flag',
  ),
  shape(
    'binance-futures-aggregates',
    'Binance USD-M and COIN-M aggregated trades',
    'trades',
    'tradeId:id price:number volume:number -:id -:id timestamp:time buyerIsMaker:flag',
  ),
  shape(
    'binance-klines',
    'Binance klines, old and new',
    'candles',
    'timestamp:time open:number high:number low:number close:number volume:number -:time quoteVolume:number tradeCount:id buyVolume:number -:number -:any',
  ),
  shape(
    'kraken-rest',
    'Kraken’s Trades endpoint',
    'trades',
    'price:number volume:number timestamp:time side:side -:word -:any tradeId:id',
  ),
  shape(
    'freqtrade',
    'freqtrade’s trades as lists',
    'trades',
    'timestamp:time tradeId:any -:any side:side price:number volume:number -:number',
  ),
  shape(
    'kraken-bars',
    'Kraken’s OHLCVT',
    'candles',
    'timestamp:time open:number high:number low:number close:number volume:number tradeCount:id',
  ),
  shape(
    'bybit-bars',
    'Bybit’s klines, with the turnover',
    'candles',
    'timestamp:fine open:number high:number low:number close:number volume:number quoteVolume:number',
    ([, open, high, low, close, ...sizes]) => isBar(open, high, low, close, sizes),
  ),
  shape(
    'kucoin-bars',
    'KuCoin’s klines',
    'candles',
    'timestamp:time open:number close:number high:number low:number volume:number quoteVolume:number',
    ([, open, close, high, low, ...sizes]) => isBar(open, high, low, close, sizes),
  ),
  shape(
    'kraken-ohlc',
    'Kraken’s OHLC endpoint',
    'candles',
    'timestamp:time open:number high:number low:number close:number -:number volume:number tradeCount:id',
  ),
  shape(
    'ohlcv',
    'ccxt’s fetchOHLCV and others',
    'candles',
    'timestamp:time open:number high:number low:number close:number volume:number',
    ([, open, high, low, close]) => isBar(open, high, low, close),
  ),
  shape(
    'coinbase-bars',
    'Coinbase’s candles: low and high first',
    'candles',
    'timestamp:time low:number high:number open:number close:number volume:number',
    ([, low, high, open, close]) => isBar(open, high, low, close),
  ),
  shape(
    'bitfinex-bars',
    'Bitfinex’s candles: open and close first',
    'candles',
    'timestamp:time open:number close:number high:number low:number volume:number',
    ([, open, close, high, low]) => isBar(open, high, low, close),
  ),
  shape(
    'metatrader-4',
    'MetaTrader 4’s bars',
    'candles',
    'timestamp:day timestamp:clock open:number high:number low:number close:number volume:number',
  ),
  shape(
    'bitfinex',
    'Bitfinex’s trades as lists',
    'trades',
    'tradeId:id timestamp:time volume:signed price:number',
  ),
  shape(
    'gate',
    'Gate’s deals',
    'trades',
    'timestamp:time tradeId:id price:number volume:number side:id',
  ),
  shape(
    'plain-with-id',
    'time, id, price, volume, side',
    'trades',
    'timestamp:time tradeId:id price:number volume:number side:side',
  ),
  shape(
    'plain',
    'time, price, volume, side',
    'trades',
    'timestamp:time price:number volume:number side:side',
  ),
  shape(
    'plain-maker',
    'time, price, volume, whether the buyer was the maker',
    'trades',
    'timestamp:time price:number volume:number buyerIsMaker:flag',
  ),
  shape(
    'kraken-trades',
    'Kraken’s and Bitcoincharts’ time, price, volume',
    'trades',
    'timestamp:time price:number volume:number',
  ),
]

const fits: Readonly<Record<ValueKind, (value: string) => boolean>> = {
  id: (value) => /^-?\d+$/.test(value),
  number: (value) => isNumber(value) && Number(value) >= 0,
  signed: isNumber,
  time: (value) =>
    isNumber(value) ? isTimeNumber(Number(value)) : /^\d{4}-\d\d-\d\d[T ]/.test(value),
  // In milliseconds or finer.
  fine: (value) => isNumber(value) && Number(value) > 1e11 && isTimeNumber(Number(value)),
  flag: (value) => /^(?:true|false)$/i.test(value),
  side: (value) => /^(?:buy|sell|b|s|bid|ask)$/i.test(value),
  word: (value) => value === '' || !isNumber(value),
  day: (value) => /^\d{4}\.\d\d\.\d\d$/.test(value),
  clock: (value) => /^\d\d:\d\d(?::\d\d)?$/.test(value),
  any: () => true,
}

/** Of the rows so many have to fit: one may be what the import is to name. */
const neededShare = 0.5

/** Which shape the first rows have, told by their values. */
export function shapeOf(
  kind: 'trades' | 'candles',
  columns: readonly (readonly string[])[],
): Shape | undefined {
  const rows = Math.max(0, ...columns.map((values) => values.length))
  const values = Array.from({ length: rows }, (_, row) =>
    columns.map((column) => (column[row] ?? '').trim()),
  )
  const isMost = (fit: (row: readonly string[]) => boolean): boolean =>
    values.filter(fit).length >= Math.max(1, rows * neededShare)
  const fitting = shapes.filter(
    (each) =>
      each.kind === kind &&
      each.columns.length === columns.length &&
      isMost((row) => each.columns.every(([, value], at) => fits[value](row[at]!))),
  )
  return (
    fitting.find(({ isRow }) => isRow !== undefined && isMost((row) => isRow(row.map(Number)))) ??
    fitting.find(({ isRow }) => isRow === undefined) ??
    fitting[0]
  )
}

/** Whether prices are those of a bar, and what it turned over fits its volume. */
function isBar(
  open = NaN,
  high = NaN,
  low = NaN,
  close = NaN,
  [volume = 0, turnover = 0]: readonly number[] = [],
): boolean {
  const isInside = turnover >= low * volume * 0.999 && turnover <= high * volume * 1.001
  const isTurned = volume === 0 ? turnover === 0 : turnover === 0 || isInside
  return high >= Math.max(open, close) && low <= Math.min(open, close) && isTurned
}

function isNumber(value: string): boolean {
  return value !== '' && Number.isFinite(Number(value))
}

/** Between 2000 and 2100 in s, ms, µs or ns. */
function isTimeNumber(value: number): boolean {
  return [1, 1e3, 1e6, 1e9].some(
    (unit) => value >= 946_684_800 * unit && value < 4_102_444_800 * unit,
  )
}

function shape(
  name: string,
  about: string,
  kind: Shape['kind'],
  columns: string,
  isRow?: Shape['isRow'],
): Shape {
  return {
    isRow,
    name,
    about,
    kind,
    columns: columns.split(' ').map((column) => {
      const [field = '', value] = column.split(':')
      return [field === '-' ? '' : field, value as ValueKind] as const
    }),
  }
}
