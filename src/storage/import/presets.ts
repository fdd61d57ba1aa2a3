/** How the files of one source name their columns, where the names alone do not say it. */
export interface ImportPreset {
  readonly name: string
  readonly about: string
  readonly kind: 'trades' | 'candles'
  /** Columns that all have to be there; compared without case and angle brackets. */
  readonly needs: readonly string[]
  /**
   * Our field → the file's column, or two parted by `+`, or a pattern with the place among the
   * columns that it fits.
   */
  readonly columns: Readonly<Record<string, string | readonly [pattern: RegExp, at: number]>>
  readonly side?: { readonly buy: string; readonly sell: string }
}

/** The first whose columns are all there is taken; what it does not name is told by known names. */
export const presets: readonly ImportPreset[] = [
  trades('bybit', 'Bybit’s public trades of derivatives', 'trdMatchID tickDirection', {
    timestamp: 'timestamp',
    volume: 'size',
    tradeId: 'trdMatchID',
  }),
  trades('okx', 'OKX’s historical trades', 'instrument_name trade_id created_time', {
    timestamp: 'created_time',
    volume: 'size',
    tradeId: 'trade_id',
  }),
  trades('kaiko', 'Kaiko’s trades', 'price amount taker_side_sell', {
    buyerIsMaker: 'taker_side_sell',
  }),
  trades('kaiko-csv', 'Kaiko’s older files', 'id exchange symbol date price amount sell', {
    timestamp: 'date',
    buyerIsMaker: 'sell',
  }),
  trades('tardis', 'tardis.dev’s trades', 'exchange symbol timestamp local_timestamp id side', {
    timestamp: 'timestamp',
    volume: 'amount',
  }),
  trades(
    'bitstamp',
    'Bitstamp’s transactions',
    'date tid price amount type',
    { timestamp: 'date', tradeId: 'tid', side: 'type' },
    { side: { buy: '0|buy', sell: '1|sell' } },
  ),
  trades(
    'hyperliquid',
    'Hyperliquid’s trades',
    'coin side px sz time tid',
    { price: 'px', volume: 'sz', tradeId: 'tid' },
    { side: { buy: 'b|buy', sell: 'a|sell' } },
  ),
  trades('deribit', 'Deribit’s trades', 'trade_seq trade_id timestamp direction amount', {
    side: 'direction',
    volume: 'amount',
  }),
  trades('freqtrade', 'freqtrade’s trades', 'timestamp id type side price amount cost', {
    volume: 'amount',
    tradeId: 'id',
  }),
  trades('metatrader-ticks', 'MetaTrader’s ticks that have a last price', 'DATE TIME LAST VOLUME', {
    timestamp: 'DATE+TIME',
    price: 'LAST',
    volume: 'VOLUME',
  }),
  candles('metatrader', 'MetaTrader’s bars', 'DATE TIME OPEN HIGH LOW CLOSE TICKVOL', {
    timestamp: 'DATE+TIME',
    volume: 'TICKVOL',
  }),
  candles('metatrader-days', 'MetaTrader’s daily bars', 'DATE OPEN HIGH LOW CLOSE TICKVOL', {
    timestamp: 'DATE',
    volume: 'TICKVOL',
  }),
  candles('yahoo', 'Yahoo Finance’s history', 'Date Open High Low Close Volume', {
    timestamp: 'Date',
  }),
  candles('cryptodatadownload', 'CryptoDataDownload’s bars', 'unix date symbol open', {
    timestamp: 'unix',
    volume: [/^volume /i, 0],
    quoteVolume: [/^volume /i, 1],
    tradeCount: 'tradecount',
  }),
]

function trades(
  name: string,
  about: string,
  needs: string,
  columns: ImportPreset['columns'],
  more: Pick<ImportPreset, 'side'> = {},
): ImportPreset {
  return { name, about, kind: 'trades', needs: needs.split(' '), columns, ...more }
}

function candles(
  name: string,
  about: string,
  needs: string,
  columns: ImportPreset['columns'],
): ImportPreset {
  return { name, about, kind: 'candles', needs: needs.split(' '), columns }
}
