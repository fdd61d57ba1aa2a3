import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'

const createTicks = `CREATE TABLE ticks (timestamp TIMESTAMP, price DOUBLE, volume DOUBLE, side ENUM('BUY', 'SELL'), trade_id VARCHAR)`

/**
 * DuckDB without pairduck: one instance, one file per pair attached to it, a connection each, and
 * in each file nothing but the table of ticks. Set up as pairduck sets it up, but for the
 * smaller row groups, which would only slow down what never checkpoints; or `asItComes`.
 */
export class BareEngine {
  readonly connections: readonly DuckDBConnection[]
  readonly #instance: DuckDBInstance

  private constructor(instance: DuckDBInstance, connections: readonly DuckDBConnection[]) {
    this.#instance = instance
    this.connections = connections
  }

  static async open(
    prefix: string,
    pairs: number,
    { asItComes = false }: { readonly asItComes?: boolean } = {},
  ): Promise<BareEngine> {
    const instance = await DuckDBInstance.create(':memory:', asItComes ? {} : { threads: '1' })
    const how = asItComes ? '' : `(STORAGE_VERSION 'v1.5.0', BLOCK_SIZE 16384)`
    const connections: DuckDBConnection[] = []
    for (let pair = 0; pair < pairs; pair++) {
      const connection = await instance.connect()
      await connection.run(`ATTACH '${prefix}${pair}.duckdb' AS b${pair} ${how}`)
      await connection.run(`USE b${pair}`)
      await connection.run(createTicks)
      connections.push(connection)
    }
    return new BareEngine(instance, connections)
  }

  close(): void {
    for (const connection of this.connections) connection.closeSync()
    this.#instance.closeSync()
  }
}
