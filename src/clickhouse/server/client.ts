/** As much of a client of `@clickhouse/client` as is used. It stays the caller's. */
export interface ClickhouseClient {
  /** Runs a SELECT; the answer gives its rows. */
  query(request: {
    readonly query: string
    readonly format: 'JSONEachRow'
    readonly query_params?: Record<string, unknown>
    readonly clickhouse_settings?: Record<string, string | number>
  }): Promise<{ json(): Promise<unknown> }>
  /** Runs a statement without rows. */
  command(request: {
    readonly query: string
    readonly query_params?: Record<string, unknown>
    readonly clickhouse_settings?: Record<string, string | number>
  }): Promise<unknown>
}

/** Numbers as JSON numbers, tuples with their names, and what is no number as text, to be told. */
export const answerSettings: Record<string, number> = {
  output_format_json_quote_64bit_integers: 0,
  output_format_json_named_tuples_as_objects: 1,
  output_format_json_quote_denormals: 1,
}
