/**
 * A relation in a FROM of which nothing but the oldest `timestamp` is wanted. Where an archive stands
 * before the file, the beginnings of its parts answer for them: by the plain name each part would be
 * opened, and fetched from far, for one time.
 */
export function forItsOldest(relation: 'ticks' | 'pairduck_candle_parts'): string {
  return `${relation} /*for its oldest*/`
}
