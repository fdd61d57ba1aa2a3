/** Texts that stand in JSON as they are, which ids and names nearly always do. */
const plain = /^[\w.:/ -]*$/

/** A text, or null, as a JSON token. */
export function jsonText(text: string | null): string {
  if (text === null) return 'null'
  return plain.test(text) ? `"${text}"` : JSON.stringify(text)
}
