/** Texts that programs write where there is no value. */
export const noValues: readonly string[] = [
  'none',
  'null',
  'nil',
  'nan',
  'na',
  'n/a',
  '#n/a',
  '<na>',
  '\\n',
  'undefined',
  '[object object]',
  'nat',
  '-',
]

/**
 * Texts that programs write where there is no id. As an id such a text would be that of many
 * trades, and all but one of a second would count as duplicates.
 */
export const noIds: readonly string[] = [
  ...noValues,
  '--',
  '---',
  '(null)',
  '<null>',
  '(none)',
  '<none>',
  '{}',
  '[]',
  '()',
  'inf',
  '+inf',
  '-inf',
  'infinity',
  '+infinity',
  '-infinity',
]

/** Whether a text says that there is no id. */
export function meansNoId(text: string): boolean {
  if (text.length > 15) return false
  // Signs that nobody sees, as a byte-order mark, are no id either.
  const word = text.replaceAll(/^[\p{Z}\p{Cf}]+|[\p{Z}\p{Cf}]+$/gu, '').toLowerCase()
  return word === '' || noIds.includes(word)
}

/** Whether a text is a number that was rounded on its way, and so may stand for several ids. */
export function isRoundedId(text: string): boolean {
  return /^\d+(?:\.\d+)?e\+\d+$|^\d+\.\d+e\d+$/i.test(text)
}
