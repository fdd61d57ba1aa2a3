/** The market profile of each bar. */
export const marketProfile = {
  name: 'market_profile',
  columns: {
    /** Open time of the bar. */
    timestamp: 'time',
    timeframe: 'timeframe',
    /** Lower edge of the bin of the largest volume. */
    poc: 'number',
    /** Upper edge of the value area's highest bin. */
    valueAreaHigh: 'number',
    /** Lower edge of the value area's lowest bin. */
    valueAreaLow: 'number',
    totalVolume: 'number',
    binSize: 'number',
    /** Close time of the bar. */
    knownAt: 'time',
    /** No hole of the ledger reaches into what it was computed from; null: nobody looked. */
    complete: 'flag?',
  },
  key: ['timestamp', 'timeframe'],
  insert: 'upsert',
  retention: { keepMs: 900_000, everyMs: 300_000 },
} as const
