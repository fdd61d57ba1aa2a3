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
  const fields = fieldsOf[relation]
  for (const field in row) {
    if (fields.includes(field)) continue
    if (relation === 'ticks') return { field, reason: unknownOfTicks(field) }
    if (!besideRows.has(field)) return { field, reason: unknownName('field', field, fields) }
  }
  return undefined
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
