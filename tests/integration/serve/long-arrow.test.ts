import { get, type IncomingMessage } from 'node:http'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { tableFromIPC } from 'apache-arrow'
import { describe, expect, it } from 'vitest'
import { formatNamed } from '../../../src/storage/export/row-formats.ts'
import { lentBatches } from '../../../src/storage/pool/column-stream.ts'
import { served } from '../../support/http.ts'
import { shareManager, someTicks, sql } from '../../support/store.ts'

/** Many batches, so that each piece of lent memory is used again and again. */
const rows = 150_000
const pair = 'x/spot/A'
const path = '/api/v1/pairs/x/spot/A/ticks?format=arrow'
const base = 1_750_000_000_000
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
  const column = (name: string): unknown[] => [...table.getChild(name)!]
  const all = Array.from({ length: rows }, (_, row) => row)
  expect(table.numRows).toBe(rows)
  expect(column('timestamp')).toEqual(all.map((row) => base + row))
  expect(column('price')).toEqual(all.map((row) => row + 0.5))
  expect(column('tradeId')).toEqual(
    all.map((row) => (row % 7 === 0 ? null : row % 5 === 0 ? `a-long-trade-id-${row}` : `${row}`)),
  )
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

  it('is made in the same memory again and again', async () => {
    const query = sql('SELECT timestamp, price, volume, side, trade_id FROM ticks')
    const stream = await store().streamColumns(pair, query)
    let grown = 0
    let before = process.memoryUsage().arrayBuffers
    const look = (): void => {
      const now = process.memoryUsage().arrayBuffers
      grown += Math.max(0, now - before)
      before = now
    }
    let bytes = 0
    for await (const part of formatNamed('arrow').text(stream.columns, lentBatches(stream))) {
      bytes += part.length
      look()
    }
    expect(bytes).toBeGreaterThan(rows * 30)
    expect(grown).toBeLessThan(bytes)
  })
})
