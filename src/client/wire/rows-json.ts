type Row = Readonly<Record<string, unknown>>

/**
 * Rows as they travel: numbers that JSON has none for, whole numbers beyond a double and bytes are
 * told by their text. What is nested is within `o`, so that no value of a row looks like one of these.
 */
export function rowsToJson(rows: readonly object[]): unknown[] {
  return rows.map((row) => mapped(row as Row, toWire))
}

/** What {@link rowsToJson} made of them. */
export function rowsFromJson<Row>(json: readonly object[]): Row[] {
  return json.map((row) => mapped(row as Record<string, unknown>, fromWire) as Row)
}

function toWire(value: unknown): unknown {
  if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0)))
    return { n: Object.is(value, -0) ? '-0' : String(value) }
  if (typeof value === 'bigint') return { b: String(value) }
  if (value instanceof Uint8Array) return { x: Buffer.from(value).toString('base64') }
  if (Array.isArray(value)) return value.map((each) => toWire(each))
  if (typeof value === 'object' && value !== null) return { o: mapped(value as Row, toWire) }
  return value
}

function fromWire(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((each) => fromWire(each))
  if (typeof value !== 'object' || value === null) return value
  const { n, b, x, o } = value as { n?: string; b?: string; x?: string; o?: Row }
  if (n !== undefined) return Number(n)
  if (b !== undefined) return BigInt(b)
  if (x !== undefined) return new Uint8Array(Buffer.from(x, 'base64'))
  return mapped(o!, fromWire)
}

function mapped(row: Row, of: (value: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, of(value)]))
}
