/**
 * The files that hold what has left this file for the archive. A part counts from the transaction
 * on that calls it `kept`, which is the one that deletes its rows here. What is `writing` is of a
 * pass that did not end, what is `dropping` was replaced or is too old: both are removed.
 */
export const archiveParts = {
  name: 'pairduck_archive',
  columns: {
    /** `ticks`, or `candles_<timeframe>`. */
    relation: 'text',
    /** Below the archive's root, with `/` between folders. */
    path: 'text',
    /** The root as it was when the part was written: a folder, or `s3://bucket/prefix`. */
    place: 'text',
    /** The part holds every row from here on up to `toTime`; both null: rows that came late. */
    fromTime: 'time?',
    toTime: 'time?',
    firstTime: 'time',
    lastTime: 'time',
    rows: 'count',
    bytes: 'count',
    state: ['writing', 'kept', 'dropping'],
  },
  key: ['path'],
} as const

/** Ticks below the mark of a pair that archives, until a pass has looked in the archive for them. */
export const lateTicks = {
  name: 'pairduck_late_ticks',
  columns: {
    timestamp: 'time',
    price: 'number',
    volume: 'number',
    side: ['BUY', 'SELL'],
    tradeId: 'id?',
  },
} as const
