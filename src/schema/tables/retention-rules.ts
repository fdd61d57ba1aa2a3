/** The retention that this pair was given: a table without a row here follows the default. */
export const retentionRules = {
  name: 'retention_rules',
  columns: {
    /** A table, or candles_<timeframe>. */
    relation: 'text',
    /** How long rows are kept, in ms; null: for ever. */
    keepMs: 'number?',
    /** How often the cleanup's timer looks, in ms. */
    everyMs: 'number',
    /** Only so many rows stay. */
    maxRows: 'count?',
    /** What becomes of a row that is too old. */
    action: ['delete', 'archive'],
  },
  key: ['relation'],
} as const
