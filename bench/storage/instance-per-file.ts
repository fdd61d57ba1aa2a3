import { DuckDBInstance } from '@duckdb/node-api'
import { createSchemaSql } from '../../src/schema/create.ts'
import { median } from '../harness/interleave.ts'
import { residentMb } from '../harness/memory.ts'

/** What a DuckDB instance for every file costs, with the same tables in it. */
export async function instancePerFile(
  folder: string,
  files: number,
): Promise<{ openMs: number; closeMs: number; mbPerPair: number }> {
  const before = await residentMb()
  const opened: number[] = []
  const open: (() => void)[] = []
  for (let file = 0; file < files; file++) {
    const startedAt = performance.now()
    const instance = await DuckDBInstance.create(`${folder}/${file}.duckdb`, { threads: '1' })
    const connection = await instance.connect()
    await connection.run(createSchemaSql().join(';'))
    opened.push(performance.now() - startedAt)
    await connection.run(
      `INSERT INTO ticks SELECT now()::TIMESTAMP, 1 + i, 1, 'BUY', i::VARCHAR FROM range(100) AS r(i)`,
    )
    open.push(() => {
      connection.closeSync()
      instance.closeSync()
    })
  }
  const mbPerPair = ((await residentMb()) - before) / files
  const startedAt = performance.now()
  for (const close of open) close()
  return { openMs: median(opened), closeMs: (performance.now() - startedAt) / files, mbPerPair }
}
