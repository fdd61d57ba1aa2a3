import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { CommandLine } from '../support/command-line.ts'
import { temporaryFolder } from '../support/store.ts'

const rows = 600_000
const at = Date.UTC(2024, 0, 1)

it('a file that may grow no larger ends an import by name, all that was stored stays, and it goes on', async () => {
  const pairduck = await CommandLine.build()
  const folder = temporaryFolder()
  const file = join(folder, 'trades.csv')
  const lines = Array.from(
    { length: rows },
    (_, row) =>
      `${at + row * 10},${100 + (row % 977) / 100},0.${1 + (row % 99_999)},buy,${row + 1}\n`,
  )
  const text = `timestamp,price,volume,side,id\n${lines.join('')}`
  await writeFile(file, text)
  await writeFile(`${file}.gz`, gzipSync(text))
  const args = (of: string): string[] => ['import', 'a/b/C', of, '--data-dir', join(folder, 'data')]

  expect(await pairduck.runLimited(4000, args(`${file}.gz`))).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(/DISK_FULL: .*trades\.csv\.gz: larger than a file may be/),
  })
  expect(await pairduck.runLimited(4000, args(file))).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(/DISK_FULL: a\/b\/C: .*File too large/),
  })

  const found = (): Promise<unknown[]> =>
    pairduck.json([
      'sql',
      'a/b/C',
      'SELECT count(*) AS rows, count(DISTINCT trade_id) AS ids, max(trade_id::INTEGER) AS last FROM ticks',
      '--data-dir',
      join(folder, 'data'),
    ])
  const [kept] = (await found()) as { rows: number; ids: number; last: number }[]
  expect(kept!.rows).toBeGreaterThan(0)
  expect(kept).toEqual({ rows: kept!.last, ids: kept!.last, last: kept!.last })
  expect(await pairduck.run(args(file))).toMatchObject({ exitCode: 0 })
  expect(await found()).toEqual([{ rows, ids: rows, last: rows }])
}, 600_000)
