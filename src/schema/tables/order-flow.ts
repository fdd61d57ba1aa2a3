/** The order flow of each bar. */
export const orderFlow = {
  name: 'order_flow',
  columns: {
    /** Open time of the bar. */
    timestamp: 'time',
    timeframe: 'timeframe',
    /** The running sum of `delta` at the bar's close. */
    cvd: 'number',
    /** buyVolume − sellVolume */
    delta: 'number',
    buyVolume: 'number',
    sellVolume: 'number',
    /** buy ÷ sell; null where nothing was sold. */
    imbalanceRatio: 'number?',
    /** Close time of the bar. */
    knownAt: 'time',
    /** No hole of the ledger reaches into what it was computed from; null: nobody looked. */
    complete: 'flag?',
  },
  key: ['timestamp', 'timeframe'],
  insert: 'upsert',
  retention: { keepMs: 900_000, everyMs: 300_000 },
} as const
