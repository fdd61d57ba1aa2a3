import { PairduckError, type ErrorCode } from '../errors.ts'
import { unknownName } from '../options.ts'
import { insertColumns, type InsertRelation } from './insert-columns.ts'

const fieldsOf = Object.fromEntries(
  Object.entries(insertColumns).map(([relation, columns]) => [
    relation,
    columns.map(([field]) => field),
  ]),
) as unknown as Readonly<Record<InsertRelation, readonly string[]>>

/** What builders say beside a row: what they give may be stored as it is, without these. */
const besideRows: ReadonlySet<string> = new Set(['source', 'coveredFrom', 'truncated'])

/** A field that the rows of a relation do not have, and what is said of it. */
export interface UnknownField {
  readonly field: string
  readonly reason: string
}

/** The first unknown field of a row, or of columns by their names; undefined: there is none. */
export function unknownField(relation: InsertRelation, row: object): UnknownField | undefined {
  return (
    unknownAmong(relation, Object.getOwnPropertyNames(row)) ??
    unknownAmong(relation, inheritedFields(Object.getPrototypeOf(row) as object | null))
  )
}

function unknownAmong(
  relation: InsertRelation,
  names: readonly string[],
): UnknownField | undefined {
  const fields = fieldsOf[relation]
  for (const field of names) {
    if (fields.includes(field)) continue
    if (relation === 'ticks') return { field, reason: unknownOfTicks(field) }
    if (!besideRows.has(field)) return { field, reason: unknownName('field', field, fields) }
  }
  return undefined
}

const none: readonly string[] = []
const inherited = new WeakMap<object, readonly string[]>()

/** What reading a row would find on its prototypes, such as the getters of its class; no methods. */
function inheritedFields(prototype: object | null): readonly string[] {
  if (prototype === null || prototype === Object.prototype) return none
  const known = inherited.get(prototype)
  if (known !== undefined) return known
  const own = Object.entries(Object.getOwnPropertyDescriptors(prototype))
    // Every object of another realm has `__proto__` from there.
    .filter(([name, { value }]) => typeof value !== 'function' && name !== '__proto__')
    .map(([name]) => name)
  const fields = [...own, ...inheritedFields(Object.getPrototypeOf(prototype) as object | null)]
  inherited.set(prototype, fields)
  return fields
}

/** A copy with all that reading the row would find, for what takes own and enumerable fields alone. */
export function wholeRow<Row extends object>(row: Row): Row {
  const prototype = Object.getPrototypeOf(row) as object | null
  const fields = [...inheritedFields(prototype), ...Object.getOwnPropertyNames(row)]
  return Object.fromEntries(fields.map((field) => [field, row[field as keyof Row]])) as Row
}

/** Throws for a field that the rows of a relation do not have: what was meant by it would be missing. */
export function refuseUnknownField(
  relation: InsertRelation,
  row: object,
  { code, index, row: name }: { code: ErrorCode; index: number; row: string },
): void {
  const unknown = unknownField(relation, row)
  if (unknown === undefined) return
  const { field, reason } = unknown
  throw new PairduckError(code, `${name} ${index}: ${reason}`, { index, field })
}

/** With `trade_id` in place of `tradeId` nothing would be stored once: by the names of exchanges and ccxt. */
function unknownOfTicks(field: string): string {
  return /^(?:ids?|trade_?ids?|aggTradeId)$/i.test(field)
    ? `unknown field \`${field}\`: did you mean \`tradeId\`?`
    : unknownName('field', field, fieldsOf.ticks)
}
