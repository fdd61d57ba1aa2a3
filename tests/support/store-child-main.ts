/** The other side of StoreChild. */
import { DuckDBInstance } from '@duckdb/node-api'
import { DatabaseManager, PairduckError, type ManagerOptions } from '../../src/index.ts'

interface Request {
  id: number
  open?: ManagerOptions
  method?: 'close'
  args?: []
  hold?: string
  duckdb?: string
  select?: string
  statements?: string[]
}

let db: DatabaseManager | undefined

process.on('message', (request: Request) => {
  void answer(request)
})

async function answer(request: Request): Promise<void> {
  const { id } = request
  try {
    process.send!({ id, result: await run(request) })
  } catch (error) {
    const { message } = error as Error
    const code = error instanceof PairduckError ? error.code : undefined
    process.send!({ id, error: { code, message } })
  }
}

async function run(request: Request): Promise<unknown> {
  if (request.open !== undefined) {
    db = await DatabaseManager.open(request.open)
    return true
  }
  if (request.hold !== undefined) {
    const lease = await db!.acquire(request.hold)
    for (const statement of request.statements!) await lease.connection.run(statement)
    return true
  }
  if (request.duckdb !== undefined) {
    const instance = await DuckDBInstance.create(request.duckdb)
    const connection = await instance.connect()
    const rows = await (await connection.run(request.select!)).getRowsJson()
    connection.closeSync()
    instance.closeSync()
    return rows
  }
  return db![request.method!](...request.args!)
}
