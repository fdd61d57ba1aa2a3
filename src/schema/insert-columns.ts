import { isTimeframe, latestMs } from '../time.ts'
import {
  baseOf,
  columnName,
  isNullable,
  type BaseKind,
  type InsertRowOf,
  type TableDescriptor,
} from './descriptor.ts'
import { described, type Insertable } from './tables.ts'

/** The rows that each relation takes. */
export type InsertRows = {
  readonly [Relation in keyof Insertable]: InsertRowOf<Insertable[Relation]>
}

/** A table that an insert can be for. */
export type InsertRelation = keyof InsertRows

/** What a field holds: how it is checked and how it is bound. */
export type FieldKind = BaseKind | readonly string[]
export type InsertColumn<Row> = readonly [
  field: keyof Row & string,
  column: string,
  kind: FieldKind,
  nullable?: true,
]
export type InsertColumns = {
  readonly [Relation in InsertRelation]: readonly InsertColumn<InsertRows[Relation]>[]
}

const insertable = described.filter(({ insert }) => insert !== undefined)

/** Field by field what an insert writes, in the order of the tables' columns. */
export const insertColumns: InsertColumns = Object.fromEntries(
  insertable.map((table) => [table.name, columnsOf(table)]),
) as object as InsertColumns

/** The relations whose rows replace those with the same key. */
export type UpsertRelation = {
  [Relation in InsertRelation]: Insertable[Relation]['insert'] extends 'upsert' ? Relation : never
}[InsertRelation]

/** The columns that tell one row of such a relation from another. */
export const rowKeys: Readonly<Record<UpsertRelation, readonly string[]>> = Object.fromEntries(
  insertable
    .filter(({ insert }) => insert === 'upsert')
    .map(({ name, key = [] }) => [name, key.map((field) => columnName(field))]),
) as object as Record<UpsertRelation, readonly string[]>

function columnsOf({ columns }: TableDescriptor): InsertColumn<Record<string, unknown>>[] {
  return Object.entries(columns).map(([field, kind]) =>
    isNullable(kind)
      ? [field, columnName(field), baseOf(kind), true]
      : [field, columnName(field), baseOf(kind)],
  )
}

/** Whether a value is of a kind. */
export function fits(value: unknown, kind: FieldKind): boolean {
  switch (kind) {
    case 'time':
      return typeof value === 'number' && value >= 0 && value < latestMs
    case 'number':
      return Number.isFinite(value)
    case 'count':
      return Number.isSafeInteger(value) && Number(value) >= 0
    case 'timeframe':
      return isTimeframe(value)
    case 'id':
    case 'text':
      return typeof value === 'string'
    case 'flag':
      return typeof value === 'boolean'
    default:
      return kind.includes(value as string)
  }
}

/** A kind in words. */
export function expected(kind: FieldKind): string {
  switch (kind) {
    case 'time':
      return 'a time in Unix ms'
    case 'number':
      return 'a finite number'
    case 'count':
      return 'a whole number from 0 on'
    case 'timeframe':
      return 'a timeframe'
    case 'id':
    case 'text':
      return 'a string'
    case 'flag':
      return 'true or false'
    default:
      return kind.map((choice) => `'${choice}'`).join(' or ')
  }
}
