/** Supply and demand zones. */
export const zones = {
  name: 'supply_demand_zones',
  columns: {
    /** Open time of the fractal's middle bar. */
    timestamp: 'time',
    timeframe: 'timeframe',
    type: ['supply', 'demand'],
    priceLow: 'number',
    priceHigh: 'number',
    /** Volume of the middle bar ÷ its moving average. */
    strength: 'number',
    status: ['active', 'tested', 'broken'],
    /** Close time of the last bar that the zone needed. */
    knownAt: 'time',
    /** Close time of the first later bar that entered it. */
    touchedAt: 'time?',
    /** Close time of the first later bar that closed beyond its far edge. */
    brokenAt: 'time?',
    /** No hole of the ledger reaches into what it was computed from; null: nobody looked. */
    complete: 'flag?',
  },
  key: ['timestamp', 'timeframe', 'type', 'priceLow', 'priceHigh'],
  insert: 'upsert',
  retention: {
    keepMs: 'forever',
    everyMs: 300_000,
    ended: `status = 'broken'`,
    maxRows: 50,
    keepFirst: 'strength DESC, timestamp DESC, timeframe, type',
  },
} as const
