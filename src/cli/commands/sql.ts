import { PairduckError } from '../../errors.ts'
import { query, type Query } from '../../queries/query.ts'
import { rowsOfBatch } from '../../storage/duckdb/column-batch.ts'
import type { MarketStore } from '../../storage/market-store.ts'
import type { Lease } from '../../storage/pool/lease.ts'
import type { AddCommand } from '../command.ts'
import { cut, priceText, timeText } from '../figures.ts'
import { addPairCommand } from '../pair-command.ts'
import { textTable, type TableColumn } from '../text-table.ts'

type Row = Readonly<Record<string, unknown>>

interface Column {
  readonly name: string
  /** As DuckDB writes it: `TIMESTAMP`, `BIGINT`, `DECIMAL(18,2)`. */
  readonly type: string
}

interface Selected {
  readonly rows: readonly Row[]
  readonly columns: readonly Column[]
}

const widestCell = 60
/** The last milliseconds that a Date holds; DuckDB's timestamps go on for 18,000 years. */
const latestDateMs = 8.64e15

export const addSqlCommand: AddCommand = (program, context) => {
  addPairCommand(program, context, {
    name: 'sql',
    configure: (command) => command.argument('<select>', 'a SELECT, in quotes'),
    answer: async ({ pair, db, terminal }, _options, [text]) => {
      const { rows, columns } = await db
        .withConnection(pair, (lease) => select(lease, text!, context.signal))
        .catch(async (error: unknown) => {
          // Another process holds the pair: it answers, if it can.
          if (!PairduckError.is(error, 'PAIR_LOCKED')) throw error
          return selectByStream(db, pair, query('sql', text!))
        })
      return {
        json: rows,
        lines: () => {
          if (rows.length === 0) return ['no rows']
          const { tableColumns, ink } = terminal
          return [textTable(rows, columns.map(tableColumn), { columns: tableColumns, ink })]
        },
      }
    },
  })
}

/**
 * One statement, in a transaction that cannot write to the pair: a shell's history is no place for
 * deletes, and what writes to ticks beside the writer breaks its promises. Preparing refuses a
 * second statement, which could end that transaction.
 */
async function select(lease: Lease, text: string, signal: AbortSignal): Promise<Selected> {
  await lease.execute('BEGIN TRANSACTION READ ONLY')
  const columns = await columnsOf(lease, text)
  const rows = await lease.query(query<Row>('sql', text), { signal })
  const rounded = columns.filter((column) => isRounded(column, rows))
  if (rounded.length === 0) return { rows, columns }
  const exact = query<Row>('sql', exactSql(text, columns, rounded))
  return { rows: (await lease.query(exact, { signal })).map(plainWhereExact(rounded)), columns }
}

/** The same of a store that lends no connection. */
async function selectByStream(db: MarketStore, pair: string, asked: Query<Row>): Promise<Selected> {
  const stream = await db.streamColumns(pair, asked)
  const rows: Row[] = []
  for await (const batch of stream)
    for (const row of rowsOfBatch(stream.columns, batch)) rows.push(row)
  const types = { float64: 'DOUBLE', int64: 'BIGINT', timestamp: 'TIMESTAMP', boolean: 'BOOLEAN' }
  const columns = stream.columns.map(({ name, kind }) => ({
    name,
    type: kind in types ? types[kind as keyof typeof types] : 'VARCHAR',
  }))
  return { rows, columns }
}

async function columnsOf(lease: Lease, text: string): Promise<Column[]> {
  try {
    const statement = await lease.connection.prepare(text)
    try {
      const names = distinct(
        Array.from({ length: statement.columnCount }, (_, index) => statement.columnName(index)),
      )
      return names.map((name, index) => ({ name, type: String(statement.columnType(index)) }))
    } finally {
      statement.destroySync()
    }
  } catch (error) {
    throw new PairduckError(
      'QUERY_FAILED',
      error instanceof Error ? error.message : String(error),
      { cause: error },
    )
  }
}

/** Names as the rows have them: of two columns of one name the second is `name:1`. */
function distinct(names: readonly string[]): string[] {
  const seen = new Map<string, number>()
  return names.map((name) => {
    const before = seen.get(name) ?? 0
    seen.set(name, before + 1)
    return before === 0 ? name : `${name}:${before}`
  })
}

/** Whether rows hold whole numbers that a double cannot. */
function isRounded({ name, type }: Column, rows: readonly Row[]): boolean {
  return isWideInteger(type) && rows.some((row) => Math.abs(Number(row[name])) >= 2 ** 53)
}

function isWideInteger(type: string): boolean {
  return /^U?(?:BIG|HUGE)INT$/.test(type)
}

/** The same statement once more, within the transaction, with the digits of these columns. */
function exactSql(text: string, columns: readonly Column[], rounded: readonly Column[]): string {
  const places = columns.map((_, index) => `c${index}`)
  const values = columns.map((column, index) => {
    const value = rounded.includes(column) ? `CAST(c${index} AS VARCHAR)` : `c${index}`
    return `${value} AS "${column.name.replaceAll('"', '""')}"`
  })
  // The line break ends a comment that the text may end with.
  const inner = text.replace(/[;\s]+$/, '')
  return `SELECT ${values.join(', ')} FROM (${inner}\n) AS given(${places.join(', ')})`
}

function plainWhereExact(columns: readonly Column[]): (row: Row) => Row {
  return (row) => {
    const plain = columns.map(({ name }) => {
      const value = row[name]
      return [name, Number.isSafeInteger(Number(value ?? NaN)) ? Number(value) : value]
    })
    return { ...row, ...Object.fromEntries(plain) }
  }
}

function tableColumn({ name, type }: Column): TableColumn<Row> {
  const right = /^(?:U?(?:TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\(.*\))$/.test(type)
  return {
    title: name,
    cell: (row) => cellText(type, row[name]),
    align: right ? 'right' : 'left',
  }
}

function cellText(type: string, value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return String(value)
    const isTime = /^TIMESTAMP[^[]*$/.test(type) && Math.abs(value) <= latestDateMs
    return isTime ? timeText(value) : priceText(value)
  }
  if (typeof value !== 'string') return cut(JSON.stringify(value), widestCell)
  return isWideInteger(type) ? BigInt(value).toLocaleString('en-US') : cut(value, widestCell)
}
