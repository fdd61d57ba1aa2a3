import { describe, expect, it } from 'vitest'
import { importedCandles, shareImports } from '../support/imported-text.ts'

const { importedText, refusedText } = shareImports()

const at = Date.UTC(2024, 0, 1)

const rows = (price: string, volume = '2'): string =>
  `timestamp;price;volume;side;id\n${at};10;1;buy;1\n${at + 1};${price};${volume};sell;2\n`

const prices = async (content: string, decimal: ',' | '.'): Promise<number[]> =>
  (await importedText(content, { decimal })).ticks.map(({ price }) => price)

describe('numbers that are written otherwise name the way on', () => {
  it.each<[string, string]>([
    ['1234,56', '--decimal ","'],
    ['1.234,56', '--decimal ","'],
    ['1 234,56', '--decimal ","'],
    ['1 234 567,5', '--decimal ","'],
    ['0,5', '--decimal ","'],
    ['1,234.56', '--decimal "."'],
    [`1'234.56`, '--decimal "."'],
    ['1,234,567', '--decimal "."'],
    ['1,234', 'say which'],
  ])('%s', async (price, way) => {
    const said = await refusedText(rows(price))
    expect(said).toContain(`line 3: column \`price\` \`"${price}"\``)
    expect(said).toContain(way)
    expect(said).toContain('the row before it is stored')
  })

  it('words and amounts of money are no numbers, and nothing is advised', async () => {
    for (const price of ['abc', '-', '12,3,4', '$1,234.56', '1.2.3,4'])
      expect(await refusedText(rows(price))).not.toContain('--decimal')
  })

  it('a size is told of as a price is, and what is left out names it, too', async () => {
    expect(await refusedText(rows('10', '1,5'))).toMatch(/column `volume` .*1,5.* --decimal ","/)
    const { report } = await importedText(rows('10', '1,5'), { skipInvalid: true })
    expect(report.notes.join(' ')).toContain('--decimal ","')
  })

  it('a comma that cuts a value in two is told of', async () => {
    const content = `timestamp,price,volume,side,id\n${at},10,1,buy,1\n${at},11,1,buy,2\n${at},1234,56,1,buy,3\n`
    expect(await refusedText(content)).toContain('has to stand in quotes')
  })
})

describe('the decimal mark that the caller names', () => {
  it('a comma: blanks, points and apostrophes part thousands', async () => {
    const written = [
      '1234,56',
      '1.234,56',
      '1 234,56',
      '1\u00a0234,56',
      '1\u202f234,56',
      `1'234,56`,
    ]
    for (const price of written) expect(await prices(rows(price), ',')).toEqual([10, 1234.56])
    expect(await prices(rows('1.234'), ',')).toEqual([10, 1234])
    expect(await prices(rows('1,5e3'), ',')).toEqual([10, 1500])
  })

  it('a point: commas part thousands, in quotes where they part values', async () => {
    expect(await prices(rows('1,234,567.5'), '.')).toEqual([10, 1234567.5])
    const content = `timestamp,price,volume,side\n${at},"1,234.5",1,buy\n`
    expect(await prices(content, '.')).toEqual([1234.5])
  })

  it('what is not written so is refused, not guessed', async () => {
    for (const price of ['1234.56', '1.23,4', '12.34.567', '1,2,3', '1.234.56'])
      expect(await refusedText(rows(price), { decimal: ',' })).toContain('column `price`')
    for (const price of ['1,23', '12,34,567', '1.234,5'])
      expect(await refusedText(rows(price), { decimal: '.' })).toContain('column `price`')
  })

  it('candles, with columns that may be empty', async () => {
    const content = `time;open;high;low;close;volume;quoteVolume\n2024.01.01 00:00;1,5;2,5;1,25;2;10,5;\n2024.01.01 00:01;1.000,5;1.000,5;1.000,5;1.000,5;1;1.000,5\n`
    const { candles } = await importedCandles(content, '1m', { decimal: ',' })
    expect(candles.map(({ open, volume, quoteVolume }) => [open, volume, quoteVolume])).toEqual([
      [1.5, 10.5, null],
      [1000.5, 1, 1000.5],
    ])
  })
})

it('a figure of a candle that cannot be read is not taken for one that is not there', async () => {
  const content = `time,open,high,low,close,volume,quoteVolume\n2024-01-01 00:00,1,1,1,1,1,"1,5"\n`
  await expect(importedCandles(content, '1m')).rejects.toThrow(
    /column `quoteVolume` .*--decimal ","/,
  )
  const none = content.replace('"1,5"', 'None')
  expect((await importedCandles(none, '1m')).candles).toHaveLength(1)
})
