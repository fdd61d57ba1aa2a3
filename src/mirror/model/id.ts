const maxIdChars = 128

/**
 * An exchange's id as text: visible ASCII, for control characters and blanks would make an id that
 * no log and no shell can show; or a whole number, if a double still tells it from its neighbours.
 * Undefined for anything else.
 */
export function idText(value: unknown): string | undefined {
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) return String(value)
  return typeof value === 'string' && value.length <= maxIdChars && /^[!-~]+$/.test(value)
    ? value
    : undefined
}

/** What an error says that an id had to be. */
export const idForm: string = `1 to ${maxIdChars} visible ASCII characters or a whole number`
