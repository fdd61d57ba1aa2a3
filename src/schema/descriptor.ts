import type { Timeframe } from '../time.ts'

/**
 * What a column holds; with `?` also nothing (null). A list is a choice of words. `time` is Unix
 * ms in rows and TIMESTAMP (µs) in the file, `count` a whole number from 0 on.
 */
export type ColumnKind = BaseKind | `${BaseKind}?` | readonly string[]
export type BaseKind = 'time' | 'number' | 'count' | 'timeframe' | 'id' | 'text' | 'flag'

/** How a table's rows get old, where retention deletes from it. */
export interface TableRetention {
  /** How long rows are kept by default, in ms, by their `timestamp`. */
  readonly keepMs: number | 'forever'
  /** How often the cleanup's timer looks by default, in ms. */
  readonly everyMs: number
  /** Rows that are over go whatever their age: a condition in SQL. */
  readonly ended?: string
  /** Only so many rows stay by default, the first ones in the order of `keepFirst` (SQL). */
  readonly maxRows?: number
  readonly keepFirst?: string
}

/**
 * All that is known of a table. Row types, insert columns, keys, retention's plan and the state
 * file follow from it. The migrations make the table in a file: they are literal text, and a test
 * holds them and the descriptors together.
 */
export interface TableDescriptor {
  readonly name: string
  /** Fields as the API names them; a file's columns have the same names in snake_case. */
  readonly columns: Readonly<Record<string, ColumnKind>>
  /** The fields that tell one row from another: an insert replaces the row with the same. */
  readonly key?: readonly string[]
  /** How callers' rows get in; absent: pairduck alone writes here. */
  readonly insert?: 'ticks' | 'candles' | 'upsert'
  /** No table of this name is in a file: its rows are kept elsewhere (candles, in pieces). */
  readonly virtual?: true
  /** Absent: retention deletes nothing, and neither cleanup nor state file count the rows. */
  readonly retention?: TableRetention
}

/** A row as it comes back from a table. */
export type RowOf<Table extends TableDescriptor> = {
  readonly [Field in keyof Table['columns']]: ValueOf<Table['columns'][Field]>
}

/** A row as an insert takes it: what may be null may be left out. */
export type InsertRowOf<Table extends TableDescriptor> = {
  readonly [
    Field in keyof Table['columns'] as IsNullable<Table['columns'][Field]> extends true
      ? never
      : Field
  ]: ValueOf<Table['columns'][Field]>
} & {
  readonly [
    Field in keyof Table['columns'] as IsNullable<Table['columns'][Field]> extends true
      ? Field
      : never
  ]?: ValueOf<Table['columns'][Field]> | undefined
}

type IsNullable<Kind> = Kind extends `${string}?` ? true : false

type ValueOf<Kind> = Kind extends `${infer Base}?`
  ? ValueOf<Base> | null
  : Kind extends 'time' | 'number' | 'count'
    ? number
    : Kind extends 'id' | 'text'
      ? string
      : Kind extends 'timeframe'
        ? Timeframe
        : Kind extends 'flag'
          ? boolean
          : Kind extends readonly (infer Word)[]
            ? Word
            : never

/** A kind without its `?`. */
export function baseOf(kind: ColumnKind): BaseKind | readonly string[] {
  return typeof kind === 'string' ? (kind.replace('?', '') as BaseKind) : kind
}

export function isNullable(kind: ColumnKind): boolean {
  return typeof kind === 'string' && kind.endsWith('?')
}

/** `tradeId` → `trade_id` */
export function columnName(field: string): string {
  return field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** The statement that makes a described table. */
export function createTableSql({ name, columns }: TableDescriptor): string {
  const fields = Object.entries(columns)
    .map(([field, kind]) => `${columnName(field)} ${sqlType(kind)}`)
    .join(', ')
  return `CREATE TABLE ${name} (${fields})`
}

const sqlTypes: Readonly<Record<BaseKind, string>> = {
  time: 'TIMESTAMP',
  number: 'DOUBLE',
  count: 'BIGINT',
  timeframe: 'VARCHAR',
  id: 'VARCHAR',
  text: 'VARCHAR',
  flag: 'BOOLEAN',
}

function sqlType(kind: ColumnKind): string {
  const base = baseOf(kind)
  return typeof base === 'string'
    ? sqlTypes[base]
    : `ENUM(${base.map((word) => `'${word}'`).join(', ')})`
}
