const maxIdChars = 128

/**
 * An exchange's id as text: visible ASCII, for control characters and blanks would make an id that
 * no log and no shell can show; or a whole number, if a double still tells it from its neighbours.
 * Undefined for anything else, a negative number too: `-1` is what Binance writes where there is
 * none, and many things under one such id would pass for one.
 */
export function idText(value: unknown): string | undefined {
  const text = typeof value === 'bigint' || Number.isSafeInteger(value) ? String(value) : value
  if (typeof text !== 'string' || text.length > maxIdChars) return undefined
  if (!/^[!-~]+$/.test(text)) return undefined
  return text.startsWith('-') && /^-\d+$/.test(text) ? undefined : text
}

/** What an error says that an id had to be. */
export const idForm: string = `1 to ${maxIdChars} visible ASCII characters or a whole number not below zero`
