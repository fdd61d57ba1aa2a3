import type { ColumnSink } from './vector-sink.ts'

/** What of a column a row needs. */
type ReadColumn = Pick<ColumnSink, 'values' | 'nulls'>

type RowMaker = (sinks: readonly ReadColumn[], length: number) => Record<string, unknown>[]

const makers = new Map<string, RowMaker>()
const maxMakers = 500
/** Longer names are made each time: a stranger gives columns names of megabytes. */
const maxKeptLength = 20_000

/**
 * Turns columns into row objects. For each set of column names a function with an object literal
 * is made and kept: 100,000 ticks take 6 ms with it and 30 ms when fields are set by name. Where a
 * process forbids making code (`--disallow-code-generation-from-strings`), names it is.
 */
export function rowMaker(names: readonly string[]): RowMaker {
  const key = JSON.stringify(names)
  let maker = makers.get(key)
  if (maker === undefined) {
    if (makers.size >= maxMakers) makers.clear()
    maker = literalMaker(names) ?? fieldMaker(names)
    if (key.length <= maxKeptLength) makers.set(key, maker)
  }
  return maker
}

function literalMaker(names: readonly string[]): RowMaker | undefined {
  // In a literal this name would set the prototype.
  if (names.includes('__proto__')) return undefined
  const fields = names.map((name, column) => `${JSON.stringify(name)}: c${column}[row]`)
  try {
    // oxlint-disable-next-line typescript/no-implied-eval -- names are quoted by JSON.stringify, nothing else of the outside gets in
    const make = new Function(
      'columns',
      'length',
      `const [${names.map((_, column) => `c${column}`).join(', ')}] = columns
       const rows = Array(length)
       for (let row = 0; row < length; row++) rows[row] = { ${fields.join(', ')} }
       return rows`,
    ) as (columns: readonly ArrayLike<unknown>[], length: number) => Record<string, unknown>[]
    return (sinks, length) =>
      withNulls(
        names,
        sinks,
        make(
          sinks.map(({ values }) => values),
          length,
        ),
      )
  } catch {
    return undefined
  }
}

function fieldMaker(names: readonly string[]): RowMaker {
  return (sinks, length) => {
    const rows = Array.from({ length }, (_, row) =>
      Object.fromEntries(names.map((name, column) => [name, sinks[column]!.values[row]])),
    )
    return withNulls(names, sinks, rows)
  }
}

/** In a Float64Array a NULL is NaN; in a row it is null. */
function withNulls(
  names: readonly string[],
  sinks: readonly ReadColumn[],
  rows: Record<string, unknown>[],
): Record<string, unknown>[] {
  for (const [column, { nulls }] of sinks.entries()) {
    if (nulls === undefined) continue
    const name = names[column]!
    for (let row = 0; row < rows.length; row++) if (nulls[row] === 1) rows[row]![name] = null
  }
  return rows
}
