/** The trades: the source of truth. Exactly these five columns, so that a positional INSERT works. */
export const ticks = {
  name: 'ticks',
  columns: {
    /** Unix ms, the fraction carrying microseconds; so is every time in these rows. */
    timestamp: 'time',
    price: 'number',
    /** In the base currency. */
    volume: 'number',
    /** The taker's: BUY lifts the ask, SELL hits the bid. */
    side: ['BUY', 'SELL'],
    /** The exchange's id; a tick without one is never recognised as a duplicate. */
    tradeId: 'id?',
  },
  insert: 'ticks',
  retention: { keepMs: 900_000, everyMs: 300_000 },
} as const
