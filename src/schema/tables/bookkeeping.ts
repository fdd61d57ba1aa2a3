/**
 * Candles that have left the ticks, closed bars as they are, and of open ones what came so far.
 * `first*` and `last*` say which tick gave open and close, so that two pieces of a bar merge exactly
 * in any order.
 */
export const candleParts = {
  name: 'pairduck_candle_parts',
  columns: {
    timeframe: 'timeframe',
    timestamp: 'time',
    open: 'number',
    high: 'number',
    low: 'number',
    close: 'number',
    volume: 'number',
    buyVolume: 'number?',
    sellVolume: 'number?',
    quoteVolume: 'number?',
    tradeCount: 'count?',
    firstTimestamp: 'time',
    firstId: 'id',
    lastTimestamp: 'time',
    lastId: 'id',
    /** It came from outside and stands for its whole bar. */
    given: 'flag',
    /**
     * The highest and the lowest running delta (bought less sold) since the bar began, without the
     * initial 0; null where ticks came late, until they are folded again, and where it was given.
     */
    maxDelta: 'number?',
    minDelta: 'number?',
  },
} as const

/** How far bars are made. */
export const candleState = {
  name: 'pairduck_candle_state',
  columns: {
    /** Ticks before this are in the parts, ticks from there on are read by the views. */
    rolledUntil: 'time',
    /** Each bar that opens before the one that holds this is one part; null where nobody knows. */
    mergedUntil: 'time?',
  },
} as const

/** What retention has deleted: whether a row older than its relation's mark was stored before is not known any more. */
export const marks = {
  name: 'pairduck_marks',
  columns: { relation: 'text', deletedBefore: 'time' },
} as const

/** Which of an exchange's ids the pair's trades carry; two counts never meet in one file. */
export const recording = {
  name: 'pairduck_recording',
  columns: { idSpace: 'text', since: 'time' },
} as const

/** How far refreshAnalytics is, and from where a late tick makes it look again. */
export const analytics = {
  name: 'pairduck_analytics',
  columns: {
    analytic: 'text',
    timeframe: 'timeframe',
    processedUntil: 'time',
    dirtyFrom: 'time?',
  },
} as const

/** How far the file has each commit log: the sequence of the last record that is in it. */
export const logMarks = {
  name: 'pairduck_log',
  columns: { log: 'text', applied: 'count' },
} as const
