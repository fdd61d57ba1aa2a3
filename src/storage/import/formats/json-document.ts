import { createReadStream, createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { PairduckError, visible } from '../../../errors.ts'
import { JsonRows } from '../json-rows.ts'
import { TextFile } from '../text-file.ts'
import type { InputFile, RowFormat } from './format.ts'

export const jsonDocument: RowFormat = {
  kind: 'rows',
  name: 'json',
  about:
    'JSON arrays of objects (ccxt’s fetchTrades) or of lists (fetchOHLCV, freqtrade’s trades), also inside an answer of an exchange',
  fits: ({ text }) => /^[[{]/.test(text),
  open: async (file, { temporaryPath }) => {
    const path = temporaryPath()
    const rows = new JsonRows()
    let isWhole = true
    const lines = async function* (): AsyncGenerator<string> {
      const pieces = createReadStream(file.path, { encoding: 'utf8', highWaterMark: 1 << 18 })
      for await (const piece of pieces as AsyncIterable<string>) yield rows.push(piece)
      isWhole = rows.isWhole
    }
    await pipeline(Readable.from(lines()), createWriteStream(path))
    if (rows.kind === undefined && !(isWhole && rows.sawEmpty)) throw withoutRows(file)
    const text =
      rows.kind === 'list'
        ? await TextFile.openCsv(path, { delimiter: ',', hasHeader: false })
        : await TextFile.openJsonLines(path)
    const opened = text.rowFile()
    return isWhole ? opened : { ...opened, cut: new Error('the JSON ends before its end') }
  },
}

function withoutRows({ name }: InputFile): PairduckError {
  return new PairduckError(
    'IMPORT_FAILED',
    `${visible(name)} is JSON without rows: neither a JSON object per line, nor an array of objects or lists; make lines of it, as jq -c '.[]' does; nothing of it is stored`,
    { file: name },
  )
}
