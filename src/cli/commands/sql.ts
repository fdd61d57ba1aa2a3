import { InvalidArgumentError } from 'commander'
import { query } from '../../queries/query.ts'
import { pairArgument } from '../arguments.ts'
import type { AddCommand } from '../command.ts'
import { asUsage, UsageError } from '../failure.ts'
import type { Manager } from '../manager.ts'
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

interface SqlOptions {
  readonly with?: Readonly<Record<string, string>>
  readonly history: boolean
}

export const addSqlCommand: AddCommand = (program, context) => {
  addPairCommand<SqlOptions>(program, context, {
    name: 'sql',
    configure: (command) =>
      command
        .argument('<select>', 'a SELECT, in quotes')
        .option(
          '--with <name=pair>',
          'another pair, whose tables are name.ticks and so on; may be repeated',
          withArgument,
        ),
    answer: async ({ pair, db, terminal }, { with: others, history }, [text]) => {
      const { signal } = context
      if (history && others !== undefined)
        throw new UsageError('--history is of one pair: it does not go with --with')
      const options = { signal, history }
      const { rows, columns } =
        others === undefined
          ? await select((sql) => streamed(db, pair, sql, options), text!)
          : await selectOfSeveral(
              (sql) => db.queryPairs(others, query('sql', sql), { signal, unqualified: pair }),
              text!,
            )
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

/** Runs one SELECT, which cannot write: a shell's history is no place for deletes. */
type Ask = <Answer>(sql: string) => Promise<Answer[]>

function withArgument(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('Expected name=exchange/market/symbol.')
  return { ...before, [text.slice(0, at)]: pairArgument(text.slice(at + 1)) }
}

async function select(ask: Ask, text: string): Promise<Selected> {
  const rows = await ask<Row>(text).catch(asUsage)
  return { rows, columns: await columnsOf(ask, text, rows) }
}

/** The rows with all digits, as an answer over HTTP has them. */
async function streamed<Answer>(
  db: Manager,
  pair: string,
  sql: string,
  options: { readonly signal: AbortSignal; readonly history: boolean },
): Promise<Answer[]> {
  const { exactRowsOfBatch } = await import('../../storage/duckdb/column-batch.ts')
  const stream = await db.streamColumns(pair, query('sql', sql), options)
  const rows: Answer[] = []
  for await (const batch of stream)
    for (const row of exactRowsOfBatch(stream.columns, batch)) rows.push(row as Answer)
  return rows
}

/** Several pairs have no stream: where whole numbers are rounded it is run again, with their digits. */
async function selectOfSeveral(ask: Ask, text: string): Promise<Selected> {
  const { rows, columns } = await select(ask, text)
  const rounded = columns.filter((column) => isRounded(column, rows))
  if (rounded.length === 0) return { rows, columns }
  const exact = await ask<Row>(exactSql(text, columns, rounded))
  return { rows: exact.map(plainWhereExact(rounded)), columns }
}

/** What cannot be described again, such as a DESCRIBE itself, has its columns from its rows. */
async function columnsOf(ask: Ask, text: string, rows: readonly Row[]): Promise<Column[]> {
  const described = await ask<Column>(
    `SELECT column_name AS "name", column_type AS "type" FROM (DESCRIBE ${inner(text)})`,
  ).catch(() => Object.keys(rows[0] ?? {}).map((name) => ({ name, type: 'VARCHAR' })))
  const names = distinct(described.map(({ name }) => name))
  return described.map(({ type }, index) => ({ name: names[index]!, type }))
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

/** The same statement once more, with the digits of these columns. */
function exactSql(text: string, columns: readonly Column[], rounded: readonly Column[]): string {
  const places = columns.map((_, index) => `c${index}`)
  const values = columns.map((column, index) => {
    const value = rounded.includes(column) ? `CAST(c${index} AS VARCHAR)` : `c${index}`
    return `${value} AS "${column.name.replaceAll('"', '""')}"`
  })
  return `SELECT ${values.join(', ')} FROM (${inner(text)}) AS given(${places.join(', ')})`
}

/** To stand within another statement: the line break ends a comment that the text may end with. */
function inner(text: string): string {
  return `${text.replace(/[;\s]+$/, '')}\n`
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
