/** Candles as callers give and get them; a file keeps them in `pairduck_candle_parts`. */
export const candles = {
  name: 'candles',
  columns: {
    /** Open time. */
    timestamp: 'time',
    open: 'number',
    high: 'number',
    low: 'number',
    close: 'number',
    /** In the base currency. */
    volume: 'number',
    /** What takers bought; null where the source does not know. */
    buyVolume: 'number?',
    /** What takers sold; null where the source does not know. */
    sellVolume: 'number?',
    /** Σ price × volume; null where the source does not know. */
    quoteVolume: 'number?',
    /** Null where the source does not know. */
    tradeCount: 'count?',
  },
  insert: 'candles',
  virtual: true,
} as const
