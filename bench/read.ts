/** Reading 100,000 ticks of one pair. */
import { DatabaseManager } from '../src/index.ts'
import { query } from '../src/queries/index.ts'
import { interleave } from './harness/interleave.ts'
import type { BenchRow, BenchTarget } from './harness/row.ts'
import { inScratchFolder } from './harness/scratch-folder.ts'
import { makeTrades, tickSpacingMs } from './storage/trades.ts'

const ticks = 100_000
const pair = 'bench/spot/READ'
const withIds = query<object>(
  'allTicks',
  `SELECT timestamp, price, volume, side, trade_id AS "tradeId" FROM ticks`,
)
const withoutIds = query<object>(
  'allTicksWithoutId',
  `SELECT timestamp, price, volume, side FROM ticks`,
)

export function run(): Promise<readonly BenchRow[]> {
  return inScratchFolder(async (folder) => {
    const db = await DatabaseManager.open({ dataDir: folder })
    try {
      await db.insertTicks(pair, makeTrades(ticks, Date.now() - ticks * tickSpacingMs))
      return await compare(db)
    } finally {
      await db.close()
    }
  })
}

async function compare(db: DatabaseManager): Promise<readonly BenchRow[]> {
  const ms = await db.withConnection(pair, ({ connection }) =>
    interleave(
      {
        rows: async () => expectRows((await db.query(pair, withIds)).length),
        columns: async () => expectColumns(await db.queryColumns(pair, withIds)),
        columnsWithoutIds: async () => expectColumns(await db.queryColumns(pair, withoutIds)),
        theirs: async () => {
          const reader = await connection.runAndReadAll(withIds.sql)
          expectRows(reader.getRowObjectsJS().length)
        },
        theirsWithoutIds: async () => {
          const reader = await connection.runAndReadAll(withoutIds.sql)
          expectRows(reader.getRowObjectsJS().length)
        },
      },
      { rounds: 15, warmups: 3 },
    ),
  )
  return [
    row('rows', ms.rows, 'the same columns', ms.theirs, { atLeast: 3 }),
    row('typed arrays', ms.columns, 'the same columns', ms.theirs, { atLeast: 6 }),
    row('typed arrays, no ids', ms.columnsWithoutIds, 'all columns', ms.theirs, { atLeast: 10 }),
    row('typed arrays, no ids', ms.columnsWithoutIds, 'the same columns', ms.theirsWithoutIds),
  ]
}

function row(
  form: string,
  value: number,
  columns: string,
  theirs: number,
  target?: BenchTarget,
): BenchRow {
  return {
    name: `100,000 ticks as ${form}`,
    value,
    unit: 'ms',
    comparedWith: `getRowObjectsJS of ${columns}: ${theirs.toFixed(1)} ms (ratio: how often faster)`,
    ratio: theirs / value,
    ...(target === undefined ? {} : { target }),
  }
}

function expectRows(length: number): void {
  if (length !== ticks) throw new Error(`expected ${ticks} rows, got ${length}`)
}

function expectColumns(columns: object): void {
  for (const column of Object.values(columns)) expectRows((column as ArrayLike<unknown>).length)
}
