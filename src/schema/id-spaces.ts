/**
 * Which of an exchange's ids a pair's trades carry, where an exchange has more than one count: the
 * same trade stands under another id in each. A pair holds one of them (`pairduck_recording`).
 */
export const idSpaces = {
  binanceTrades: 'binance trades',
  binanceAggregates: 'binance aggregate trades',
  /** Ids that an import made of what the rows say. */
  made: 'made by an import',
} as const
