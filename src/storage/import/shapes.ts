/** What a value may be, told by looking at it. */
type ValueKind =
  | 'id'
  | 'number'
  | 'signed'
  | 'time'
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
}

/** The first whose every column fits the values is taken. */
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
    'ohlcv',
    'ccxt’s fetchOHLCV and others',
    'candles',
    'timestamp:time open:number high:number low:number close:number volume:number',
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
  return shapes.find(
    (each) =>
      each.kind === kind &&
      each.columns.length === columns.length &&
      Array.from({ length: rows }, (_, row) =>
        each.columns.every(([, value], at) => fits[value]((columns[at]![row] ?? '').trim())),
      ).filter(Boolean).length >= Math.max(1, rows * neededShare),
  )
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

function shape(name: string, about: string, kind: Shape['kind'], columns: string): Shape {
  return {
    name,
    about,
    kind,
    columns: columns.split(' ').map((column) => {
      const [field = '', value] = column.split(':')
      return [field === '-' ? '' : field, value as ValueKind] as const
    }),
  }
}
