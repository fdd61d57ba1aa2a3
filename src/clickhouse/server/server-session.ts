import { PairduckError } from '../../errors.ts'
import { answerSettings, type ClickhouseClient } from './client.ts'

/** What is asked of a server: rows and commands, failures in our words (`QUERY_FAILED`). */
export class ServerSession {
  readonly #client: ClickhouseClient

  constructor(client: ClickhouseClient) {
    this.#client = client
  }

  /** The rows of a statement; its placeholders are `{name:Nullable(Int64)}`. */
  async rows<Row extends object>(
    caller: string,
    query: string,
    params: Readonly<Record<string, bigint | null>> = {},
  ): Promise<Row[]> {
    const values = Object.entries(params).map(([name, value]) => [name, value?.toString() ?? null])
    const rows = await failing(caller, async () => {
      const answer = await this.#client.query({
        query,
        query_params: Object.fromEntries(values),
        format: 'JSONEachRow',
        clickhouse_settings: answerSettings,
      })
      return (await answer.json()) as Row[]
    })
    for (const row of rows) refuseOverflow(row)
    return rows
  }

  async command(caller: string, query: string): Promise<void> {
    await failing(caller, () => this.#client.command({ query }))
  }
}

async function failing<T>(caller: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw new PairduckError(
      'QUERY_FAILED',
      `${caller}: ClickHouse says: ${(cause as Error).message}`,
      { cause },
    )
  }
}

/** Figures are of finite prices and volumes: one that is not finite is a sum that overflowed. */
function refuseOverflow(row: object): void {
  for (const [column, value] of Object.entries(row))
    if (column !== 'tradeId' && typeof value === 'string' && /^-?(?:inf|nan)$/.test(value))
      throw new PairduckError(
        'QUERY_FAILED',
        `\`${column}\` is beyond the largest number, 1.8e308: a sum of volumes or of price × volume overflowed`,
        { column },
      )
}
