import { PairduckError, visible } from '../../../errors.ts'
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
  open: async ({ name, path }) => {
    const text = await TextFile.openJsonLines(path)
    if (isTable(text)) throw asTable(name)
    return text.rowFile()
  },
}

/** One object, and most of what is in it are objects or lists. */
function isTable({ samples }: TextFile): boolean {
  const columns = [...samples.values()]
  const nested = columns.filter(([value]) => value?.startsWith('[object '))
  const isMost = nested.length > 1 && nested.length * 2 > columns.length
  return isMost && columns.every(({ length }) => length === 1)
}

function asTable(name: string): PairduckError {
  return new PairduckError(
    'IMPORT_FAILED',
    `${visible(name)} is JSON with an object or a list for each column, or for each row, which is not read: in pandas write to_json(…, orient="records"); nothing of it is stored`,
    { file: name },
  )
}

/** An object is a row unless it holds rows. */
function isRow(line: string): boolean {
  return (
    /"(?:price|p|px|open|o)"\s*:/i.test(line.slice(0, 2000).replace(/:\s*\[\s*[[{].*$/s, '')) ||
    !/:\s*\[\s*[[{]/.test(line)
  )
}
