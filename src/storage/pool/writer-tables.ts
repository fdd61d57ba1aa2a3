import { PairduckError } from '../../errors.ts'
import { described } from '../../schema/tables.ts'
import { sqlTokens, type SqlToken } from '../duckdb/sql-tokens.ts'

/** The tables that callers do not write to with statements, and by what they change them. */
const ours: Readonly<Record<string, string>> = {
  retention_rules: 'use setRetention',
  gaps: 'insertTicks notes holes (`gaps`), and backfill fills them',
}
const names = ['ticks', String.raw`candles_\w+`, String.raw`pairduck_\w+`, ...Object.keys(ours)]
/** Their rows are the caller's too, the tables are not. */
const analytics = described.filter(({ insert }) => insert === 'upsert').map(({ name }) => name)
const mentions = new RegExp([...names, ...analytics].join('|'), 'i')
const named = (tables: readonly string[]): string =>
  String.raw`(?:"?\w+"?\s*\.\s*){0,2}"?(${tables.join('|')})\b`
const kept = named(names)
const reshapes = [
  String.raw`(?:alter|drop)\s+(?:table|view)(?:\s+if\s+exists)?`,
  // A temporary one would stand in front of the real one.
  String.raw`create\s+(?:or\s+replace\s+)?(?:temp(?:orary)?\s+)?(?:table|view)(?:\s+if\s+not\s+exists)?`,
  String.raw`create\s+(?:unique\s+)?index\b[^;]*?\bon`,
]
const writes = [
  String.raw`insert\s+(?:or\s+\w+\s+)?into`,
  String.raw`update`,
  String.raw`delete\s+from`,
  String.raw`truncate(?:\s+table)?`,
  String.raw`merge\s+into`,
  ...reshapes,
]
const writing = new RegExp(String.raw`\b(?:${writes.join('|')})\s+${kept}`, 'i')
const reshaping = new RegExp(String.raw`\b(?:${reshapes.join('|')})\s+${named(analytics)}`, 'i')
const copying = new RegExp(String.raw`\bcopy\s+${kept}\s*(?:\([^)]*\)\s*)?from\b`, 'i')

/**
 * Refuses statements that write to what the pair's writer keeps (`WRITE_REFUSED`): behind its
 * back duplicates would get in and candles would go wrong. A guard against mistakes, not against
 * malice: a lease's raw connection can do all that DuckDB can.
 */
export function refuseWriterTables(sql: string): void {
  if (!mentions.test(sql)) return
  const tokens = sqlTokens(sql)
  // It is refused for that by whoever runs it.
  if (tokens === undefined) return
  const code = plainText(tokens)
  const table = (writing.exec(code) ?? copying.exec(code))?.[1]
  if (table !== undefined)
    throw new PairduckError(
      'WRITE_REFUSED',
      `\`${table}\` is kept by the pair's writer: ${ours[table.toLowerCase()] ?? 'use insertTicks or insertCandles'}`,
      { table },
    )
  const reshaped = reshaping.exec(code)?.[1]
  if (reshaped !== undefined)
    throw new PairduckError(
      'WRITE_REFUSED',
      `the table \`${reshaped}\` is kept by pairduck: its rows can be written, and all else stays as it is`,
      { table: reshaped },
    )
}

/** The statement without comments and blanks, and without what is in texts. */
function plainText(tokens: readonly SqlToken[]): string {
  return tokens
    .map(({ kind, value }) => {
      if (kind === 'text') return `''`
      return kind === 'name' ? `"${value.replaceAll(/\W/g, '_')}"` : value
    })
    .join(' ')
}
