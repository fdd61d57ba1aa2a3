import { describe, expect, it } from 'vitest'
import { shareImports } from '../support/imported-text.ts'

const { importedText, refusedText } = shareImports()

const at = Date.UTC(2024, 0, 1)
const header = 'timestamp,price,volume,side,id'
const row = (id: number, note = String(id)): string => `${at + id},10,1,buy,${note}`
const trade = (id: number, note: string): string =>
  JSON.stringify({ timestamp: at + id, price: 10, volume: 1, side: 'BUY', id, note })
const large = 8_000_000

describe('lines that no table has', () => {
  it('end in carriage returns alone: what they end in and the way on is said', async () => {
    const content = [header, row(1), row(2), ''].join('\r')
    expect(await refusedText(content)).toContain('end in carriage returns alone')
    expect((await importedText(content.replaceAll('\r', '\r\n'))).ticks).toHaveLength(2)
  })

  it('hold blanks alone: they are passed over as empty ones are, and count as lines', async () => {
    const lines = [header, row(1), '  ', row(2), ' \t', row(3)]
    expect((await importedText(`${lines.join('\n')}\n   `)).ticks).toHaveLength(3)
    const said = await refusedText([...lines, `${at},x,1,buy,4`, '  '].join('\n'))
    expect(said).toContain('line 7: column `price`')
    expect(said).toContain('the 3 rows before it are stored')
  })

  it('hold a value of eight million characters: its line is named, those before it are stored', async () => {
    const said = await refusedText([header, row(1), row(2, 'x'.repeat(large)), row(3)].join('\n'))
    expect(said).toContain('line 3')
    expect(said).toContain('more than 500000 characters')
    expect(said).toContain('the row before it is stored')
    expect(said.length).toBeLessThan(1000)
  })

  it('are one line without an end: it is not read into memory whole', async () => {
    const said = await refusedText(`${header}\n${'9'.repeat(34_000_000)}`)
    expect(said).toContain('line 2 has more than 32000000 characters and no end')
  })

  it('open a quote that nothing closes: it is named as what is wrong', async () => {
    const said = await refusedText([header, row(1), `${at},10,1,"buy,2`, row(3)].join('\n'))
    expect(said).toContain('line 3')
    expect(said).toContain('1 column instead of 5 (a quote that opens in it is not closed)')
  })

  it('are one name without an end: the message stays short', async () => {
    expect((await refusedText('x'.repeat(2_000_000))).length).toBeLessThan(1000)
  })
})

describe('a long text beside the values of a trade', () => {
  const trades = [trade(1, ''), trade(2, 'x'.repeat(large)), trade(3, '"')]

  it.each([
    ['JSON lines', trades.join('\n'), 'trades.jsonl'],
    ['a JSON document', `[${trades.join(',')}]`, 'trades.json'],
  ])('is passed over: %s', async (_, content, name) => {
    expect((await importedText(content, { name })).ticks).toHaveLength(3)
  })
})
