import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { ImportOptions, TickColumnMap } from '../../src/index.ts'
import { storedTicks } from '../support/store-rows.ts'
import { openManager, temporaryFolder } from '../support/store.ts'

const pair = 'a/b/C'
const at = Date.UTC(2024, 0, 1)
/** More than the engine hands over at once. */
const rows = 5000

/** A file whose ids are 1, 2, 3 …, but for some rows. */
async function imported(
  others: Readonly<Record<number, string>>,
  options: ImportOptions<TickColumnMap> = {},
  line = (id: string, row: number): string => `${at + row},100,1,BUY,${id}\n`,
): Promise<{ error: unknown; ids: (string | null)[] }> {
  const lines = Array.from({ length: rows }, (_, row) => line(others[row] ?? `${row + 1}`, row))
  const file = join(temporaryFolder(), 'trades')
  const header = line('', 0).startsWith('{') ? '' : 'timestamp,price,volume,side,tradeId\n'
  await writeFile(file, `${header}${lines.join('')}`)
  const store = await openManager()
  const error: unknown = await store.importTicks(pair, file, options).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  const ticks = await storedTicks(store, pair)
  return { error, ids: ticks.map(({ tradeId }) => tradeId) }
}

const plain = Array.from({ length: rows }, (_, row) => `${row + 1}`)

it.each([
  ['written as a floating point number', '2501.0', '2501'],
  ['a word for none', 'None', null],
  ['none', '', null],
  ['in quotes, with blanks', '" x-7 "', 'x-7'],
  ['with a nought before it', '0042', '0042'],
  ['longer than numbers are', '1234567890123456789', '1234567890123456789'],
])('an id thousands of rows on is read as one at the start: %s', async (_, text, id) => {
  const { error, ids } = await imported({ 2500: text })
  expect(error).toBeUndefined()
  expect(ids).toEqual(plain.with(2500, id as string))
})

it('one that was rounded is named with its line, and all before it is stored', async () => {
  const { error, ids } = await imported({ 3000: '3.001E+3' })
  expect(error).toMatchObject({
    code: 'IMPORT_FAILED',
    message: expect.stringMatching(
      /line 3002: column `tradeId`.*does not tell one id from another.*; the 3000 rows before it/,
    ),
  })
  expect(ids).toEqual(plain.slice(0, 3000))
})

it('the first and the last row of what the engine hands over at once', async () => {
  const { ids } = await imported({ 0: 'x', 2047: 'y', 2048: 'z', 4999: 'w' })
  expect(ids).toEqual(plain.with(0, 'x').with(2047, 'y').with(2048, 'z').with(4999, 'w'))
  expect((await imported({ 4999: 'w' })).ids).toEqual(plain.with(4999, 'w'))
})

it('a line that is none behind an odd id', async () => {
  const { ids } = await imported({ 2500: 'x', 4000: '1\n1,2' }, { skipInvalid: true })
  expect(ids).toEqual(plain.with(2500, 'x').with(4000, '1'))
})

it('of lines of JSON, and counted with its price', async () => {
  expect((await imported({ 3000: '"x"' }, {}, json)).ids).toEqual(plain.with(3000, 'x'))
  expect((await imported({}, { idScope: 'price' })).ids[7]).toBe('8@100.0')
})

function json(id: string, row: number): string {
  return `{"timestamp":${at + row},"price":100,"volume":1,"side":"buy","tradeId":${id === '' ? 'null' : id}}\n`
}
