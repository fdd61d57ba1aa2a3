let running: Promise<void> | undefined
let isAskedAgain = false

/**
 * Gives the operating system back what ended statements have left behind: the engine (1.5.6) keeps in
 * the process what large aggregates and interrupted statements took, and the next ones take more
 * beside it, so that eight statements of 256 MB held two gigabytes. It lets go where its limit is
 * set, of what all instances of the process left; so an instance is made that has no other use.
 */
export function giveBackMemory(): Promise<void> {
  isAskedAgain = true
  return (running ??= giveBackWhileAsked().finally(() => (running = undefined)))
}

async function giveBackWhileAsked(): Promise<void> {
  const { DuckDBInstance } = await import('@duckdb/node-api')
  while (isAskedAgain) {
    isAskedAgain = false
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
    try {
      const connection = await instance.connect()
      await connection.run(`SET memory_limit = '100MB'`)
      connection.closeSync()
    } finally {
      instance.closeSync()
    }
  }
}
