import { createReadStream, createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { TextFile } from '../text-file.ts'
import type { RowFormat } from './format.ts'

const name = String.raw`(?:[^\s,="{\[]|\\.)+`
const value = String.raw`(?:"(?:[^"\\]|\\.)*"|(?:[^\s,"]|\\.)+)`
const line = new RegExp(
  `^(?:${name})((?:,${name}=(?:[^\\s,="]|\\\\.)+)*) (${name}=${value}(?:,${name}=${value})*)(?: (-?\\d+))?\\s*$`,
)
const entry = new RegExp(`(${name})=(${value})(?:,|$)`, 'g')

export const lineProtocol: RowFormat = {
  kind: 'rows',
  name: 'line-protocol',
  about: 'InfluxDB’s line protocol (ILP), as QuestDB takes it; times in ns',
  fits: ({ bytes, text }) => {
    const first = text.split('\n').find((each) => each.trim() !== '' && !each.startsWith('#'))
    return !bytes.includes(0) && first !== undefined && line.test(first)
  },
  open: async (file, { temporaryPath }) => {
    const path = temporaryPath()
    const input = createInterface({ input: createReadStream(file.path), crlfDelay: Infinity })
    const lines = async function* (): AsyncGenerator<string> {
      // A line stays a line: what is no row is named by its number.
      for await (const each of input) yield `${jsonOf(each)}\n`
    }
    await pipeline(Readable.from(lines()), createWriteStream(path))
    return (await TextFile.openJsonLines(path)).rowFile()
  },
}

function jsonOf(text: string): string {
  if (text.trim() === '' || text.startsWith('#')) return ''
  const found = line.exec(text)
  if (found === null) return text
  const [, tags = '', fields = '', timestamp] = found
  const values = [...tags.slice(1).matchAll(entry), ...fields.matchAll(entry)].map(
    ([, key, raw]) => [plain(key!), valueOf(raw!)] as const,
  )
  return JSON.stringify({
    ...Object.fromEntries(values),
    ...(timestamp === undefined ? {} : { timestamp }),
  })
}

function valueOf(raw: string): string {
  if (raw.startsWith('"')) return raw.slice(1, -1).replaceAll(/\\(["\\])/g, '$1')
  return plain(/^-?\d+[iut]$/.test(raw) ? raw.slice(0, -1) : raw)
}

function plain(text: string): string {
  return text.replaceAll(/\\([,= \\])/g, '$1')
}
