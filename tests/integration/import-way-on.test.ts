import { expect, it } from 'vitest'
import { shareImports } from '../support/imported-text.ts'

const { importedText, refusedText } = shareImports()

const at = Date.UTC(2024, 0, 1)
const header = 'timestamp,price,volume,side,tradeId\n'
const row = (id: number): string => `${at + id},100,2,BUY,${id}\n`
const json = (id: number): string =>
  JSON.stringify({ timestamp: at + id, price: 100, volume: 2, side: 'buy', id: String(id) })

it.each([
  ['objects in one line', json(0) + json(1), /jq -c \. makes lines/],
  [
    'objects inside of others, as streams give them',
    `{"stream":"x@trade","data":${json(0)}}\n{"stream":"x@trade","data":${json(1)}}\n`,
    /inside of `data` is not looked at, and jq -c \.data makes lines/,
  ],
  ['blanks', (header + row(0)).replaceAll(',', ' '), /by commas, semicolons, tabs or bars/],
  [
    'an unusual sign',
    (header + row(0)).replaceAll(',', '^'),
    /by commas, semicolons, tabs or bars/,
  ],
  [
    'a header that comes again',
    header + row(0) + header + row(1),
    /line 3: column `timestamp` .*the header comes again here.*--skip-invalid.*; the row before it/,
  ],
  ['a header twice', header + header + row(0), /line 2: .*the header comes again here/],
])('says the way on: %s', async (_what, content, message) => {
  expect(await refusedText(content)).toMatch(message)
})

it('a header that comes again is left out when told so', async () => {
  const content = header + row(0) + header + row(1)
  const { ticks, report } = await importedText(content, { skipInvalid: true })
  expect(ticks.map(({ tradeId }) => tradeId)).toEqual(['0', '1'])
  expect(report.notes.join()).toMatch(/left out: 1 row: .*the header comes again here/)
})
