import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type {
  CandleImportReport,
  ImportOptions,
  ImportReport,
  TickColumnMap,
  Timeframe,
} from '../../src/index.ts'
import type { StoredCandle, StoredTick } from '../../src/schema/rows.ts'
import { storedCandles, storedTicks } from './store-rows.ts'
import { openManager, shareManager, temporaryFolder } from './store.ts'

type Options = ImportOptions<TickColumnMap> & { name?: string }

interface Imports {
  /** Stores a file's trades in a pair of their own. */
  importedText: (
    content: string | Buffer,
    options?: Options,
  ) => Promise<{ report: ImportReport; ticks: StoredTick[] }>
  /** What an import that must stop says. */
  refusedText: (content: string | Buffer, options?: Options) => Promise<string>
}

/** Imports of a test file, which share one manager. */
export function shareImports(): Imports {
  const store = shareManager()
  let pairs = 0
  const pairOfItsOwn = (): string => `import/spot/X${++pairs}`
  return {
    importedText: async (content, { name = 'trades.csv', ...options } = {}) => {
      const pair = pairOfItsOwn()
      const report = await store().importTicks(pair, await fileWith(content, name), options)
      return { report, ticks: await storedTicks(store(), pair) }
    },
    refusedText: async (content, { name = 'trades.csv', ...options } = {}) => {
      const file = await fileWith(content, name)
      const error: unknown = await store()
        .importTicks(pairOfItsOwn(), file, options)
        .then(
          () => 'stored without an error',
          (reason: unknown) => reason,
        )
      return String(error).replaceAll(file, name)
    },
  }
}

export async function importedCandles(
  content: string | Buffer,
  timeframe: Timeframe,
  options: ImportOptions<Readonly<Record<string, string>>> = {},
): Promise<{ report: CandleImportReport; candles: StoredCandle[] }> {
  const pair = 'import/spot/X'
  const store = await openManager({ candles: [timeframe] })
  const file = await fileWith(content, 'candles')
  const report = await store.importCandles(pair, timeframe, file, options)
  return { report, candles: await storedCandles(store, pair, timeframe) }
}

async function fileWith(content: string | Buffer, name: string): Promise<string> {
  const file = join(temporaryFolder(), name)
  await writeFile(file, content)
  return file
}
