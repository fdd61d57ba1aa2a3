import { microsFromMs } from '../time.ts'

/**
 * A relation in a FROM of which nothing but the oldest `timestamp` is wanted. Where an archive stands
 * before the file, the beginnings of its parts answer for them: by the plain name each part would be
 * opened, and fetched from far, for one time.
 */
export function forItsOldest(relation: 'ticks' | 'pairduck_candle_parts'): string {
  return `${relation} /*for its oldest*/`
}

/** The time of the oldest tick in µs, where none or one is known to be as old as that millisecond; else NULL. */
export function oldestTickSql(ms: number): string {
  return `SELECT epoch_us(min(timestamp)) AS micros FROM ticks WHERE timestamp < make_timestamp(${microsFromMs(ms + 1)})`
}

/** A text for a file whose oldest tick is of that time: for the least of all times the engine would look at each. */
export function withOldestTick(sql: string, micros: number): string {
  return sql.replaceAll(forItsOldest('ticks'), `(SELECT make_timestamp(${micros}) AS timestamp)`)
}
