/** Fair value gaps. */
export const fairValueGaps = {
  name: 'fair_value_gaps',
  columns: {
    /** Open time of the gap's middle bar. */
    timestamp: 'time',
    timeframe: 'timeframe',
    type: ['bullish', 'bearish'],
    priceLow: 'number',
    priceHigh: 'number',
    /** 0 … 1, the deepest that a later bar reached. */
    filledPct: 'number',
    /** Close time of the last bar that the gap needed. */
    knownAt: 'time',
    /** Close time of the first later bar that entered it. */
    touchedAt: 'time?',
    /** Close time of the first later bar that reached its middle. */
    midAt: 'time?',
    /** Close time of the first later bar that filled it. */
    filledAt: 'time?',
    /** No hole of the ledger reaches into what it was computed from; null: nobody looked. */
    complete: 'flag?',
  },
  key: ['timestamp', 'timeframe', 'type', 'priceLow', 'priceHigh'],
  insert: 'upsert',
  retention: { keepMs: 86_400_000, everyMs: 300_000, ended: 'filled_at IS NOT NULL' },
} as const
