import { describe, expect, it } from 'vitest'
import { makeInk, plainInk } from '../../../src/cli/ink.ts'
import { textTable } from '../../../src/cli/text-table.ts'

const columns = [
  { title: 'pair', cell: (row: Row) => row.pair, align: 'left' as const },
  { title: 'ticks', cell: (row: Row) => String(row.ticks) },
]
interface Row {
  pair: string
  ticks: number
}
const rows: Row[] = [
  { pair: 'binance/spot/BTCUSDT', ticks: 9757 },
  { pair: 'kraken/spot/XBT/EUR', ticks: 3 },
]

function drawn(length: number): string[] {
  const many = Array.from({ length }, (_, ticks) => ({ pair: 'a/spot/B', ticks }))
  return textTable(many, columns, { columns: Infinity, ink: plainInk }).split('\n')
}

describe('textTable', () => {
  it('aligns names left and numbers right, without a frame', () => {
    expect(textTable(rows, columns, { columns: Infinity, ink: plainInk })).toBe(
      [
        'pair                  ticks',
        'binance/spot/BTCUSDT   9757',
        'kraken/spot/XBT/EUR       3',
      ].join('\n'),
    )
  })

  it('keeps to the width of the terminal by cutting the widest column', () => {
    const lines = textTable(rows, columns, { columns: 20, ink: plainInk }).split('\n')
    expect(Math.max(...lines.map((line) => line.length))).toBe(20)
    expect(lines[1]).toBe('binance/spot…   9757')
  })

  it('never cuts a figure or a time: on a narrow screen columns go, and it says which', () => {
    const wide = [
      ...columns,
      { title: 'newest', cell: () => '2024-08-08 23:54:15', align: 'left' as const },
      { title: 'volume', cell: () => '1,234,567.89' },
    ]
    for (let width = 12; width < 90; width++) {
      const text = textTable(rows, wide, { columns: width, ink: plainInk })
      const [head = '', ...lines] = text.split('\n')
      const hidden = /^too narrow for: (.*)$/m.exec(text)?.[1]?.split(', ') ?? []
      expect([...head.trim().split(/\s+/), ...hidden]).toEqual(wide.map(({ title }) => title))
      const kept: readonly (readonly [title: string, text: RegExp])[] = [
        ['ticks', / 9757(?: |$)| 3(?: |$)/],
        ['newest', /2024-08-08 23:54:15/],
        ['volume', /1,234,567\.89$/],
      ]
      for (const line of lines.slice(0, rows.length)) {
        expect(line.length).toBeLessThanOrEqual(width)
        const whole = kept.filter(([title, text]) => hidden.includes(title) || text.test(line))
        expect(whole).toEqual(kept)
      }
    }
  })

  it('shows a thousand of many rows, and says how many it leaves out', () => {
    expect(drawn(1_000)).toHaveLength(1_001)
    const lines = drawn(200_000)
    expect(lines).toHaveLength(1_002)
    expect(lines.slice(-2)).toEqual([
      'a/spot/B    999',
      '… 199,000 more rows: --json gives them all',
    ])
  })

  it('does not count colours as width', () => {
    const [head] = textTable(rows, columns, { columns: Infinity, ink: makeInk(true) }).split('\n')
    expect(head).toContain('\u001B[90mpair\u001B[39m')
  })
})
