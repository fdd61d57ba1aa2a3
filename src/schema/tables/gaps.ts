/** Holes in the recorded trades: what is known to be missing, and what became of it. */
export const gaps = {
  name: 'gaps',
  columns: {
    /** Time of the last trade before the hole. */
    fromTime: 'time',
    /** Time of the first trade after it; null while none has come. */
    toTime: 'time?',
    /** Id of the last trade before the hole; null where ids prove nothing. */
    fromId: 'id?',
    /** Id of the first trade after it. */
    toId: 'id?',
    /** `unproved`: ids do not tell whether a trade is missing. */
    state: ['open', 'filled', 'unfillable', 'unproved'],
    /** Why it came about, or why it cannot be filled. */
    reason: 'text?',
    /** How often filling it was tried. */
    tries: 'count',
    openedAt: 'time',
    closedAt: 'time?',
  },
} as const
