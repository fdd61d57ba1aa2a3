/**
 * Texts that programs write where there is no id. As an id such a text would be that of many
 * trades, and all but one of a second would count as duplicates.
 */
export const noIds: readonly string[] = [
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

/** Whether a text says that there is no id. */
export function meansNoId(text: string): boolean {
  if (text.length > 15) return false
  const word = text.replaceAll(/^ +| +$/g, '').toLowerCase()
  return word === '' || noIds.includes(word)
}

/** Whether a text is a number that was rounded on its way, and so may stand for several ids. */
export function isRoundedId(text: string): boolean {
  return /^\d+(?:\.\d+)?e\+\d+$|^\d+\.\d+e\d+$/i.test(text)
}
