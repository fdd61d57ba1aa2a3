declare const row: unique symbol

/**
 * A query as a value, in ClickHouse's SQL: one SELECT over a relation `ticks` with the columns `at`
 * (Unix µs), `price`, `volume`, `side`, `trade_id`, and `id_length` and `id`, which order the trades
 * of one moment. `ClickhouseArchive.query` puts the ticks before it.
 */
export interface ClickhouseQuery<Row> {
  /** The builder's name, for messages. */
  readonly name: string
  /** Begins with `WITH`; its placeholders are those of {@link ClickhouseRun.params}. */
  readonly sql: string
  /** What the query means at a moment (Unix ms): which ticks, and what its placeholders stand for. */
  readonly at: (nowMs: number) => ClickhouseRun
  /** Never there at run time: it carries the row type. */
  readonly [row]?: Row
}

/** A query at a moment. Times in Unix µs. */
export interface ClickhouseRun {
  /** Only ticks from then on are wanted. */
  readonly from: bigint | undefined
  /** Only ticks before it are wanted. */
  readonly to: bigint | undefined
  /** What the answer is to know nothing of: ticks from then on. */
  readonly asOf: bigint | undefined
  /** The values of `{name:Nullable(Int64)}`. */
  readonly params: Readonly<Record<string, bigint | null>>
}

/** A row as ClickHouse answers it: ours, except that the archive does not have the ledger of gaps. */
export type ClickhouseRow<Row> = Omit<Row, 'complete'> & {
  /** Not known: the ledger of gaps is in the pair's file. */
  readonly complete: null
  /** Unix ms: the newest tick that is archived; later ones are in the pair's file. */
  readonly coveredTo: number | null
}

/** Freezes a query; every builder ends with it. */
export function clickhouseQuery<Row>(
  name: string,
  sql: string,
  at: (nowMs: number) => ClickhouseRun,
): ClickhouseQuery<Row> {
  return Object.freeze({ name, sql, at })
}
