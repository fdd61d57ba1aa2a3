import { TextFile } from '../text-file.ts'
import type { RowFormat } from './format.ts'

export const csv: RowFormat = {
  kind: 'rows',
  name: 'csv',
  about:
    'text with commas, semicolons, tabs or bars, with or without a header, and lines before it',
  fits: ({ bytes }) => !bytes.includes(0),
  open: async ({ path }, { note }) => {
    const text = await TextFile.openCsv(path)
    for (const remark of text.remarks) note(remark)
    return text.rowFile()
  },
}
