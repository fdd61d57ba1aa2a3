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
import { openManager, temporaryFolder } from './store.ts'

type Options = ImportOptions<TickColumnMap> & { name?: string }

export const importedPair = 'import/spot/X'

/** Stores a file's trades in a store of their own. */
export async function importedText(
  content: string | Buffer,
  { name = 'trades.csv', ...options }: Options = {},
): Promise<{ report: ImportReport; ticks: StoredTick[] }> {
  const file = join(temporaryFolder(), name)
  await writeFile(file, content)
  const store = await openManager()
  const report = await store.importTicks(importedPair, file, options)
  return { report, ticks: await storedTicks(store, importedPair) }
}

export async function importedCandles(
  content: string | Buffer,
  timeframe: Timeframe,
  options: ImportOptions<Readonly<Record<string, string>>> = {},
): Promise<{ report: CandleImportReport; candles: StoredCandle[] }> {
  const file = join(temporaryFolder(), 'candles')
  await writeFile(file, content)
  const store = await openManager({ candles: [timeframe] })
  const report = await store.importCandles(importedPair, timeframe, file, options)
  return { report, candles: await storedCandles(store, importedPair, timeframe) }
}

/** What an import that must stop says; and that it left no pair behind. */
export async function refusedText(
  content: string | Buffer,
  options: Options = {},
): Promise<string> {
  const file = join(temporaryFolder(), options.name ?? 'trades.csv')
  await writeFile(file, content)
  const store = await openManager()
  const { name: _name, ...given } = options
  const error: unknown = await store.importTicks(importedPair, file, given).then(
    () => 'stored without an error',
    (reason: unknown) => reason,
  )
  return String(error).replaceAll(file, name(file))
}

function name(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1)
}
