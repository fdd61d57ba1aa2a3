import { PairduckError } from '../errors.ts'

const target =
  /\b(?:insert\s+(?:or\s+\w+\s+)?into|update|delete\s+from|truncate(?:\s+table)?|merge\s+into|alter\s+(?:table|view)|drop\s+(?:table|view)|create\s+or\s+replace\s+(?:table|view)|copy)\s+(?:if\s+exists\s+)?(?:"?\w+"?\.)*"?(ticks|candles_\w+|pairduck_\w+)\b/i

/**
 * Refuses statements that write to what the pair's writer keeps (`WRITE_REFUSED`): behind its
 * back duplicates would get in and candles would go wrong.
 */
export function refuseWriterTables(sql: string): void {
  const table = target.exec(withoutLiterals(sql))?.[1]
  if (table !== undefined)
    throw new PairduckError(
      'WRITE_REFUSED',
      `\`${table}\` is kept by the pair's writer: use insertTicks or insertCandles`,
      { table },
    )
}

/** The statement without what only looks like code: comments and text in single quotes. */
function withoutLiterals(sql: string): string {
  return sql.replaceAll(/'(?:[^']|'')*'|--[^\n]*|\/\*[\s\S]*?\*\//g, ' ')
}
