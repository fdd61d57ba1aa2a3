import type { SqlValue } from '../../../queries/query.ts'

/**
 * A statement with its parameters written into it: the engine compares with the smallest and largest
 * values of a file only what it knows when it plans.
 */
export function bindLiterals(sql: string, params: Readonly<Record<string, SqlValue>>): string {
  return sql.replaceAll(textOrName, (found, name: string | undefined) =>
    name !== undefined && Object.hasOwn(params, name) ? literalOf(params[name]!) : found,
  )
}

/** Text in quotes, comments, and parameters. */
const textOrName = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[^]*?\*\/|\$([A-Za-z_]\w*)/g

function literalOf(value: SqlValue): string {
  if (value === null) return 'NULL'
  if (typeof value === 'bigint') return `${value}::BIGINT`
  if (typeof value === 'number')
    return Number.isFinite(value) ? `${value.toExponential()}::DOUBLE` : `'${value}'::DOUBLE`
  if (typeof value === 'boolean') return String(value)
  return `'${value.replaceAll(`'`, `''`)}'`
}
