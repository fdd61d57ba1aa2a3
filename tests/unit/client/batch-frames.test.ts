import { expect, test } from 'vitest'
import {
  batchFrame,
  columnsFrame,
  endFrame,
  readFrames,
} from '../../../src/client/wire/batch-frames.ts'
import type { StreamColumn } from '../../../src/storage/duckdb/column-batch.ts'

const columns: readonly StreamColumn[] = [{ name: 'a', kind: 'float64' }]

async function* inPieces(body: Buffer, bytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < body.length; at += bytes) yield body.subarray(at, at + bytes)
}

async function read(body: Buffer, bytes: number): Promise<string[]> {
  const read: string[] = []
  for await (const frame of readFrames(inPieces(body, bytes), () => columns))
    read.push('batch' in frame ? `${frame.batch.rows} rows` : Object.keys(frame).join())
  return read
}

const batchOf = (rows: number): Buffer =>
  batchFrame({
    rows,
    columns: [{ kind: 'float64', nulls: undefined, values: new Float64Array(rows) }],
  })

test('frames are read alike, wherever the pieces end that they come in', async () => {
  const body = Buffer.concat([
    columnsFrame(columns),
    batchOf(3),
    batchOf(0),
    batchOf(7),
    endFrame(),
  ])
  for (let bytes = 1; bytes <= body.length; bytes++)
    expect(await read(body, bytes)).toEqual(['columns', '3 rows', '0 rows', '7 rows', 'end'])
})

test('a frame that comes in many pieces costs no more than its bytes', async () => {
  const body = batchOf(2 ** 20)
  const before = process.cpuUsage()
  expect(await read(body, 2 ** 9)).toEqual([`${2 ** 20} rows`])
  const { user, system } = process.cpuUsage(before)
  // Put together anew with each of its 16,384 pieces it copies 69 GB.
  expect((user + system) / 1000).toBeLessThan(1000)
})
