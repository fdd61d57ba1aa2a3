import { PairduckError, visible } from '../../errors.ts'
import { parsePair } from '../../pair.ts'
import type { RowFault } from './batch-reading.ts'
import { columnNamed, find } from './column-map.ts'
import type { ImportSource } from './import-source.ts'

/** Columns that name an instrument, in the files of exchanges and archives. */
const instrumentNames =
  'symbol instrument instrument_name instrument_id instId inst_id instrumentName market product_id product pair ticker currency_pair trading_pair contract coin asset s'.split(
    ' ',
  )
const manyValues = 1000

/** Which rows of a file are meant, by the instrument that a column names. */
export interface InstrumentChoice {
  /** The column whose value spreads the rows over pairs. */
  readonly spread: string | undefined
  /** Only rows in which each of these columns has its value. */
  readonly where: Readonly<Record<string, string>>
}

/**
 * Refuses a file with several instruments unless the caller chose among them: their prices would
 * make one candle. `IMPORT_FAILED` names the column and its values.
 */
export async function chooseInstruments(
  source: ImportSource,
  used: Readonly<Record<string, string>>,
  given: {
    readonly where: Readonly<Record<string, string>> | undefined
    readonly pairFrom: string | undefined
  },
): Promise<InstrumentChoice> {
  const present = source.columns.map(({ name }) => name)
  const taken = new Set(Object.values(used).flatMap((column) => [column, ...column.split('+')]))
  const columns = [...instrumentNames, 'exchange']
    .map((name) => find(present, name))
    .filter((name) => name !== undefined && !taken.has(name)) as string[]
  // `instrument` stands for whichever column names it.
  const columnOf = (name: string): string =>
    name === 'instrument' && find(present, name) === undefined && columns[0] !== undefined
      ? columns[0]
      : columnNamed(source.file, present, name, 'the instrument')
  const where = Object.fromEntries(
    Object.entries(given.where ?? {}).map(([name, value]) => [columnOf(name), value]),
  )
  const spread = given.pairFrom === undefined ? undefined : columnOf(given.pairFrom)
  for (const column of new Set(columns)) {
    if (column === spread || where[column] !== undefined) continue
    const values = await source.distinct(column, manyValues)
    if (values.length > 1 && Object.keys(where).length === 0 && spread === undefined)
      throw severalInstruments(source.file, column, values)
  }
  for (const [column, value] of Object.entries(where)) {
    const values = await source.distinct(column, manyValues)
    if (values.length < manyValues && !values.includes(value))
      throw new PairduckError(
        'IMPORT_FAILED',
        `${visible(source.file)}: no row has \`${visible(value)}\` in column \`${visible(column)}\`, which holds ${shownValues(values)}; nothing of it is stored`,
        { file: source.file, column, values },
      )
  }
  return { spread, where }
}

/** Looks at what a column names as the symbol of a pair, each name once. */
export class SpreadNames {
  readonly #column: string
  readonly #known = new Map<string, boolean>()

  constructor(column: string) {
    this.#column = column
  }

  /** Why a row's pair cannot be named so, before any other row of the batch is stored. */
  fault(instrument: string | undefined): RowFault | undefined {
    const symbol = instrument ?? ''
    let isSound = this.#known.get(symbol)
    if (isSound === undefined) this.#known.set(symbol, (isSound = isSymbol(symbol)))
    return isSound
      ? undefined
      : { field: this.#column, value: symbol, reason: 'is no symbol that a pair can have' }
  }
}

function isSymbol(symbol: string): boolean {
  try {
    parsePair({ exchange: 'a', market: 'b', symbol })
    return true
  } catch {
    return false
  }
}

function severalInstruments(
  file: string,
  column: string,
  values: readonly string[],
): PairduckError {
  const name = visible(column)
  return new PairduckError(
    'IMPORT_FAILED',
    `${visible(file)} holds several instruments: column \`${name}\` has ${shownValues(values)}; choose one with --where '${name}=${visible(values.find((value) => value !== '') ?? '')}' (\`where\`), or spread them over pairs with --pair-from ${name} (\`pairFrom\`); nothing of it is stored`,
    { file, column, values },
  )
}

function shownValues(values: readonly string[]): string {
  const first = values
    .slice(0, 10)
    .map((value) => `\`${visible(value)}\``)
    .join(', ')
  if (values.length <= 10) return first
  return `${first} and ${values.length >= manyValues ? `at least ${manyValues - 10}` : values.length - 10} more`
}
