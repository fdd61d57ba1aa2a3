import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import zlib, { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { StoredTick } from '../../src/schema/rows.ts'
import { cliRun } from '../support/cli-run.ts'
import { importedCandles, shareImports } from '../support/imported-text.ts'
import { temporaryFolder } from '../support/store.ts'
import { zipped } from '../support/zipped.ts'

const { importedText, refusedText } = shareImports()

const at = 1_723_161_599_000
const header = 'timestamp,price,volume,side,tradeId\n'
const row = (id: number): string => `${at + id},100,2,BUY,${id}\n`
const tick = (id: number): StoredTick => ({
  timestamp: at + id,
  price: 100,
  volume: 2,
  side: 'BUY',
  tradeId: String(id),
})
const json = (id: number): string =>
  JSON.stringify({ timestamp: at + id, price: 100, volume: 2, side: 'buy', id: String(id) })

describe('what holds files is told by its first bytes', () => {
  it.each<[string, () => Promise<Buffer> | Buffer, string]>([
    ['gzip called .csv', () => gzipSync(header + row(0) + row(1)), 'trades.csv'],
    ['zip called .gz', () => zipped({ 'a.csv': header + row(0) + row(1) }), 'trades.gz'],
    [
      'a zip whose files are not packed',
      () => zipped({ 'a.csv': header + row(0) + row(1) }, { compress: false }),
      'trades.zip',
    ],
    [
      'a zip of several days, in any order',
      () => zipped({ 'X-2024-01-02.csv': header + row(1), 'X-2024-01-01.csv': header + row(0) }),
      'trades.zip',
    ],
    [
      'a zip of a gz, beside what is no data',
      async () =>
        zipped({
          '__MACOSX/._a.csv': 'x',
          'a.csv.gz': gzipSync(header + row(0) + row(1)),
          'README.md': '# a',
        }),
      'trades.zip',
    ],
    ['JSON lines in a zip', () => zipped({ 'a.txt': `${json(0)}\n${json(1)}\n` }), 'trades.zip'],
  ])('%s', async (_what, content, name) => {
    expect((await importedText(await content(), { name })).ticks).toEqual([tick(0), tick(1)])
  })

  it.runIf('zstdCompressSync' in zlib)('zst, where Node can', async () => {
    const { zstdCompressSync } = zlib as unknown as { zstdCompressSync: (text: string) => Buffer }
    expect((await importedText(zstdCompressSync(header + row(0)))).ticks).toEqual([tick(0)])
  })
  it.runIf(!('zstdCompressSync' in zlib))('zst, named where Node cannot', async () => {
    const bytes = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x00])
    expect(await refusedText(bytes)).toMatch(/is compressed with Zstandard.*zstd -dc/)
  })

  it('names of members lead nowhere', async () => {
    // Yazl refuses such a name: it is put in afterwards, of the same length.
    const content = await zipped({ 'aaaaaaaaaaa.csv': header + row(0) })
    const evil = Buffer.from(
      content.toString('latin1').replaceAll('aaaaaaaaaaa', '../../\u001b[31mx'.slice(0, 11)),
      'latin1',
    )
    expect((await importedText(evil)).ticks).toEqual([tick(0)])
  })

  it('members of two instruments are not mixed; one is chosen', async () => {
    const content = await zipped({ 'BTC-1.csv': header + row(0), 'ETH-1.csv': header + row(1) })
    expect(await refusedText(content)).toMatch(
      /called differently.*BTC-1\.csv, ETH-1\.csv.*--member/,
    )
    const chosen = await importedText(content, { member: 'ETH*' })
    expect(chosen.ticks).toEqual([tick(1)])
    expect(chosen.report.notes.join()).toMatch(/left out of .*: BTC-1\.csv/)
  })

  it('what unpacks to a thousand times its size is refused', async () => {
    const bomb = gzipSync(Buffer.alloc(100 * 2 ** 20, '0'))
    expect(await refusedText(bomb)).toMatch(/more than 250 times its size/)
    expect(await refusedText(await zipped({ 'a.csv': Buffer.alloc(100 * 2 ** 20, '0') }))).toMatch(
      /more than 250 times its size/,
    )
  })

  it('a zip that was cut, or holds nothing, or too many layers', async () => {
    const content = await zipped({ 'a.csv': header + row(0) })
    expect(await refusedText(content.subarray(0, -10))).toMatch(
      /IMPORT_FAILED|[Ee]nd of central directory/,
    )
    expect(await refusedText(await zipped({}))).toMatch(/without a file in it/)
    let layers: Buffer = gzipSync(header)
    for (let layer = 0; layer < 4; layer++) layers = gzipSync(layers)
    expect(await refusedText(layers)).toMatch(/packed more than 3 times/)
  })
})

describe('what is not read is named, with the way on, and never printed', () => {
  it.each<[string, Buffer | (() => Promise<Buffer>), RegExp]>([
    ['xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 4]), /xz.*xz -dc/],
    ['bzip2', Buffer.from('BZh91AY&SY\0\0'), /bzip2.*bzip2 -dc/],
    ['7z', Buffer.from([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]), /7z archive/],
    ['feather', Buffer.from('ARROW1\0\0\xff\xff', 'latin1'), /Feather.*to_parquet/],
    ['feather 1', Buffer.from('FEA1\0\0\0\0'), /Feather.*to_parquet/],
    ['UTF-16 with a mark', Buffer.from(`\ufeff${header}${row(0)}`, 'utf16le'), /UTF-16.*iconv/],
    ['UTF-16 without', Buffer.from(header + row(0), 'utf16le'), /UTF-16.*iconv/],
    ['xls', Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]), /Excel.*CSV UTF-8/],
    [
      'xlsx',
      () => zipped({ '[Content_Types].xml': '<Types/>', 'xl/workbook.xml': '<workbook/>' }),
      /Excel.*CSV UTF-8/,
    ],
    ['HDF5', Buffer.from([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a]), /HDF5.*to_parquet/],
    ['SQLite', Buffer.from('SQLite format 3\0'), /SQLite.*-header -csv/],
    ['a web page', Buffer.from('<!DOCTYPE html><html>404'), /web page/],
    [
      'JSON by column, as pandas writes it',
      Buffer.from(`{"timestamp":{"0":${at},"1":${at}},"price":{"0":1,"1":2}}`),
      /an object or a list for each column.*orient="records"/,
    ],
    [
      'JSON with a list for each column',
      Buffer.from(`{"s":"ok","t":[${at}],"o":[1],"c":[2]}`),
      /a list for each column.*orient="records"/,
    ],
    ['JSON by row', Buffer.from(`{"0":${json(0)},"1":${json(1)}}`), /orient="records"/],
    [
      'a Parquet file that was cut',
      Buffer.from('PAR1\x15\x04'),
      /damaged Parquet file, or was cut/,
    ],
    ['noise', Buffer.from([1, 2, 0, 27, 91, 51, 49, 109]), /is no text/],
  ])('%s', async (_what, content, message) => {
    const bytes = typeof content === 'function' ? await content() : content
    const said = await refusedText(bytes)
    expect(said).toMatch(message)
    expect(said).toMatch(/nothing of it is stored/)
    expect(said).not.toMatch(/\p{Cc}/u)
  })

  it('names and values of a file cannot steer the terminal', async () => {
    const steer = '\u001b[2J\u009b31m\u202e'
    for (const content of [
      `${steer},price,volume,side\n${at},1,1,BUY\n`,
      `timestamp,price,volume,side\n${at},${steer},1,BUY\n`,
      `timestamp,price,volume,side\n${steer}\n`,
      `${steer}\ntimestamp,price,volume,side\n${at},1,1,BUY\n`,
      `timestamp,price,volume,side,symbol\n${at},1,1,BUY,a${steer}\n${at},1,1,BUY,b\n`,
    ]) {
      const file = join(temporaryFolder(), 'a.csv')
      await writeFile(file, content)
      const args = ['import', 'a/b/C', file, '--data-dir', temporaryFolder()]
      const { stdout, stderr } = await cliRun(args)
      expect(stderr).toMatch(/\\(?:x1b|u001b)\[2J\\x9b31m\\u202e/)
      expect(stdout + stderr).not.toMatch(/[^\P{Cc}\n]|\u202e/u)
    }
  })
})

describe('JSON', () => {
  it.each<[string, string]>([
    ['an array', `[${json(0)},${json(1)}]`],
    [
      'an array over many lines',
      JSON.stringify([JSON.parse(json(0)), JSON.parse(json(1))], null, 2),
    ],
    ['inside an answer', `{"code":"0","codes":[],"data":[${json(0)},\n${json(1)}]}`],
    ['deep inside', `{"error":[],"result":{"list":[${json(0)},${json(1)}],"next":""}}`],
    [
      'behind what tells of columns, as ClickHouse writes it',
      `{"meta":[{"name":"price","type":"Float64"}],"data":[${json(0)},${json(1)}],"rows":2}`,
    ],
    [
      'behind a schema, as pandas writes it',
      `{"schema":{"fields":[{"name":"price","type":"number"}],"primaryKey":["index"]},"data":[${json(0)},${json(1)}]}`,
    ],
    ['pages of answers', `{"data":[${json(0)}]}\n{"data":[${json(1)}]}\n`],
    ['strings with brackets', `[${json(0).replace('{', String.raw`{"a":"]}\"[{",`)},${json(1)}]`],
    ['lists', `[[${at},"0","","buy",100,2,200],[${at + 1},"1","","buy","100","2",200]]`],
    ['a list per line', `[${at},"0",null,"buy",100,2,200]\n[${at + 1},"1",null,"buy",100,2,200]\n`],
    ['lines', `${json(0)}\n${json(1)}\n`],
    ['one line of nested values', `${json(0).replace('}', ',"fees":[{"cost":1}]}')}\n${json(1)}`],
  ])('%s', async (_what, content) => {
    expect((await importedText(content, { name: 'whatever' })).ticks).toEqual([tick(0), tick(1)])
  })

  it('ids of more digits than numbers have stay whole, in lists too', async () => {
    const id = '1234567890123456789'
    const lists = await importedText(`[[${at},${id},"","sell",100,2,200]]`)
    const objects = await importedText(`[${json(0).replace('"0"', id)}]`)
    expect([lists.ticks[0]!.tradeId, objects.ticks[0]!.tradeId]).toEqual([id, id])
  })

  it('an array that was cut: what was whole is stored, and it is said', async () => {
    const said = await refusedText(`[${json(0)},${json(1)},{"timest`)
    expect(said).toMatch(/the JSON ends before its end; the 2 rows before it are stored/)
  })

  it('pieces of any size give the same rows', async () => {
    const { JsonRows } = await import('../../src/storage/import/json-rows.ts')
    const texts = [
      `  [ 1, "a,\\"b", null, {"c":[1]} ]\n[2]`,
      `{"a":[1],"b":[[1,2],[3,"4"]],"c":[[9]]}`,
    ]
    for (const text of texts) {
      const whole = new JsonRows().push(text)
      for (let size = 1; size < 9; size++) {
        const rows = new JsonRows()
        let lines = ''
        for (let from = 0; from < text.length; from += size)
          lines += rows.push(text.slice(from, from + size))
        expect(lines).toBe(whole)
        expect(rows.isWhole).toBe(true)
      }
    }
    expect(new JsonRows().push(texts[1]!)).toBe('1,2\n3,4\n')
  })
})

describe('lines before the header, and separators', () => {
  const rows = row(0) + row(1)
  it.each<[string, string]>([
    ['a separator for Excel', `sep=;\n${(header + rows).replaceAll(',', ';')}`],
    ['comments', `# made by x\n# at y\n${header}${rows}`],
    ['a header that is a comment', `# ${header}${rows}`],
    ['a title with a comma', `Trades of X, 2024\n\n${header}${rows}`],
    ['an address', `https://example.org\n${header}${rows}`],
    ['bars', (header + rows).replaceAll(',', '|')],
    ['tabs and a title', `Trades\n${(header + rows).replaceAll(',', '\t')}`],
  ])('%s', async (_what, content) => {
    const { ticks, report } = await importedText(content)
    expect(ticks).toEqual([tick(0), tick(1)])
    const skipped = report.notes.some((note) => /^skipped .* before the header/.test(note))
    expect(skipped).toBe(/^(?:sep|# made|Trades|https)/.test(content))
  })

  it('the line of a bad row counts them', async () => {
    const said = await refusedText(`# a\n# b\n\n${header}${row(0)}${at},x,1,BUY,1\n`)
    expect(said).toMatch(/line 6: column `price` `"x"`/)
  })

  it('a first row that was cut is no title', async () => {
    expect(await refusedText(`${at},100\n${row(0)}${row(1)}`)).toMatch(
      /line 1: .*has 2 columns instead of|no column/,
    )
  })
})

const line = (id: number, side: string): string =>
  String.raw`my\ trades,symbol=BTC\,USD,side=${side} price=100.0,amount=2,trade_id=${id}i,note="a, b=\"c\"" ${at + id}000000`

describe('line protocol', () => {
  it('is read with tags, fields, escapes and nanoseconds', async () => {
    const { ticks } = await importedText(`# a\n${line(0, 'buy')}\n\n${line(1, 'buy')}\n`)
    expect(ticks).toEqual([tick(0), tick(1)])
  })
})

it('candles as lists', async () => {
  const bar = at - (at % 60_000)
  const { candles } = await importedCandles(
    `[[${bar},1,3,1,2,10],[${bar + 60_000},2,2,2,2,0]]`,
    '1m',
  )
  expect(candles.map(({ timestamp, high }) => [timestamp, high])).toEqual([
    [bar, 3],
    [bar + 60_000, 2],
  ])
})

describe('what is damaged', () => {
  const many = header + Array.from({ length: 3000 }, (_, k) => row(k)).join('')
  it('one changed digit of a zip or a gz, packed or not, is told before anything is stored', async () => {
    const stored = await zipped({ 'a.csv': many }, { compress: false })
    const digit = stored.indexOf(row(1500)) + 16
    expect(String.fromCharCode(stored[digit]!)).toMatch(/\d/)
    const gz = gzipSync(many, { level: 0 })
    for (const bytes of [flipped(stored, digit), flipped(gz, gz.indexOf(row(1500)) + 16)])
      expect(await refusedText(bytes)).toMatch(/is damaged .*; nothing of it is stored/)
    const packed = await zipped({ 'a.csv': many })
    for (let at = 200; at < packed.length - 200; at += 997)
      expect(await refusedText(flipped(packed, at))).toMatch(/nothing of it is stored/)
  })

  it('a gz with something else behind it, however small, and a zip that was cut are no empty files', async () => {
    const gz = gzipSync(header + row(0))
    expect(await refusedText(Buffer.concat([gz, Buffer.from('behind')]))).toMatch(
      /incorrect header check; nothing of it is stored/,
    )
    expect(await refusedText(gz.subarray(0, 20))).toMatch(
      /unexpected end of file; nothing of it is stored/,
    )
    expect(await refusedText((await zipped({ 'a.csv': many })).subarray(0, 500))).toMatch(
      /damaged zip archive, or was cut short .*; nothing of it is stored/,
    )
  })
})

it('line ends that were written twice over, and a file of blanks', async () => {
  const twice = (header + row(0) + row(1)).replaceAll('\n', '\r\r\n')
  expect((await importedText(Buffer.from(twice))).ticks).toEqual([tick(0), tick(1)])
  expect(await refusedText(Buffer.from('   \n\n  \n'))).toMatch(/is empty; nothing of it is stored/)
})

it('a bad row of a member says of the members before, too, that they are stored', async () => {
  const second = `${header}${row(1)}x,y\n`
  const content = await zipped({ 'a1.csv': header + row(0), 'a2.csv': second })
  expect(await refusedText(content)).toMatch(
    /a2\.csv: line 3: .*; the row before it is stored, and so are those of the files before$/,
  )
  const other = await zipped({ 'a1.csv': header + row(0), 'a2.csv': second.replace(row(1), '') })
  expect(await refusedText(other)).toMatch(
    /line 2: .*; no row before it is stored, only those of the files before$/,
  )
})

it('an empty member behind others does not say that nothing is stored', async () => {
  const content = await zipped({ 'a1.csv': header + row(0), 'a2.csv': '' })
  expect(await refusedText(content)).toMatch(/a2\.csv is empty; nothing of it is stored/)
})

/** With one bit of one byte changed. */
function flipped(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes)
  changed[at]! ^= 1
  return changed
}
