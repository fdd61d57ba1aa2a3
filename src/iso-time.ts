const pattern =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:?\d{2})?)?$/i

/**
 * Unix ms (the fraction carrying microseconds) of a time in ISO 8601; undefined: it is none, or of a day
 * that there is not. Without a zone it is UTC, not the zone of the machine: files and tables hold UTC.
 */
export function msFromIso(text: string): number | undefined {
  const match = pattern.exec(text)
  if (!match) return undefined
  const [, date, minutes = '00:00', seconds = '00', fraction = '', zone = 'Z'] = match
  const ms = Date.parse(`${date}T${minutes}:${seconds}${zone.toUpperCase()}`)
  if (Number.isNaN(ms) || !isRealDate(date!)) return undefined
  // Microseconds by hand: Date keeps milliseconds only.
  return ms + Number(fraction.padEnd(6, '0').slice(0, 6)) / 1000
}

/** Date.parse takes 30 February for 1 March. */
function isRealDate(date: string): boolean {
  const ms = Date.parse(`${date}T00:00:00Z`)
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(date)
}
