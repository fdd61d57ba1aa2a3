import { get, type IncomingMessage } from 'node:http'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { tableFromIPC } from 'apache-arrow'
import { describe, expect, it } from 'vitest'
import { streamOfParts } from '../../../src/storage/export/part-stream.ts'
import { formatNamed } from '../../../src/storage/export/row-formats.ts'
import { lentBatches } from '../../../src/storage/pool/column-stream.ts'
import { served } from '../../support/http.ts'
import { shareManager, someTicks, sql } from '../../support/store.ts'

/** Many batches, so that each piece of lent memory is used again and again. */
const rows = 150_000
const pair = 'x/spot/A'
const path = '/api/v1/pairs/x/spot/A/ticks?format=arrow'
const base = 1_750_000_000_000
const allTicks = sql('SELECT timestamp, price, volume, side, trade_id AS "tradeId" FROM ticks')
const store = shareManager({ retention: 'forever', clock: () => base + rows }, async (db) => {
  await db.insertTicks(
    pair,
    someTicks(rows, { from: base, stepMs: 1 }).map((tick, row) => ({
      ...tick,
      price: row + 0.5,
      // Ids inside the engine's headers, behind a pointer, and none.
      tradeId: row % 7 === 0 ? undefined : row % 5 === 0 ? `a-long-trade-id-${row}` : `${row}`,
    })),
  )
})

function asked(url: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => get(url, { headers }, resolve).on('error', reject))
}

async function bodyOf(answer: IncomingMessage, turns = 0): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of answer) {
    parts.push(part as Buffer)
    // The server goes on meanwhile as far as it can.
    for (let turn = 0; turn < turns; turn++) await nextTurn()
  }
  return Buffer.concat(parts)
}

function expectAllTicks(body: Uint8Array): void {
  const table = tableFromIPC(body)
  expect(table.numRows).toBe(rows)
  const expected = {
    timestamp: (row: number) => base + row,
    price: (row: number) => row + 0.5,
    tradeId: (row: number) =>
      row % 7 === 0 ? null : row % 5 === 0 ? `a-long-trade-id-${row}` : `${row}`,
  }
  for (const [name, value] of Object.entries(expected)) {
    const found: unknown[] = [...table.getChild(name)!]
    // Of arrays as long as these vitest would look for their differences for minutes.
    const wrong = found.findIndex((each, row) => each !== value(row))
    expect({ name, wrong, found: found[wrong] }).toEqual({ name, wrong: -1, found: undefined })
  }
}

describe('a long answer as Arrow', () => {
  it('has every row, however fast it is taken', async () => {
    const url = await served(store())
    expectAllTicks(await bodyOf(await asked(url + path)))
    expectAllTicks(await bodyOf(await asked(url + path), 20))
  })

  it('has every row compressed, beside one that is not', async () => {
    const url = await served(store())
    const [zipped, plain] = await Promise.all([
      asked(url + path, { 'accept-encoding': 'gzip' }).then((answer) => bodyOf(answer, 5)),
      asked(url + path).then((answer) => bodyOf(answer, 5)),
    ])
    expectAllTicks(gunzipSync(zipped))
    expectAllTicks(plain)
  })

  it('has every row for who is not done with a part before he is given time', async () => {
    const parts: Buffer[] = []
    const late = new Writable({
      write(part: Buffer, _encoding, done) {
        void (async () => {
          // The engine goes on meanwhile as far as it can.
          for (let turn = 0; turn < 50; turn++) await nextTurn()
          parts.push(Buffer.from(part))
          done()
        })()
      },
    })
    const stream = await store().streamColumns(pair, allTicks, { batchRows: 16_384 })
    const text = formatNamed('arrow').text(stream.columns, lentBatches(stream))
    await pipeline(streamOfParts(text), late)
    expectAllTicks(Buffer.concat(parts))
  })

  it('is made in the same memory again and again', async () => {
    const stream = await store().streamColumns(pair, allTicks, { batchRows: 16_384 })
    let bytes = 0
    let grown = 0
    let before = process.memoryUsage().arrayBuffers
    for await (const part of formatNamed('arrow').text(stream.columns, lentBatches(stream))) {
      bytes += part.length
      const now = process.memoryUsage().arrayBuffers
      // The first batches get the memory that the others use.
      if (bytes > rows * 18) grown += Math.max(0, now - before)
      before = now
    }
    expect(bytes).toBeGreaterThan(rows * 30)
    expect(grown).toBeLessThan(rows * 12)
  })
})
