import { isJsonObject, TextFile } from '../text-file.ts'
import type { RowFormat } from './format.ts'

export const jsonLines: RowFormat = {
  kind: 'rows',
  name: 'jsonl',
  about: 'a JSON object per line',
  fits: ({ text }) => {
    if (!text.startsWith('{')) return false
    const [first = '', ...more] = text.split('\n')
    // A line may be longer than what was read of the file.
    return (isJsonObject(first) || more.length === 0) && isRow(first)
  },
  open: async ({ path }) => (await TextFile.openJsonLines(path)).rowFile(),
}

/** An object is a row unless it holds rows. */
function isRow(line: string): boolean {
  return (
    /"(?:price|p|px|open|o)"\s*:/i.test(line.slice(0, 2000).replace(/:\s*\[\s*[[{].*$/s, '')) ||
    !/:\s*\[\s*[[{]/.test(line)
  )
}
