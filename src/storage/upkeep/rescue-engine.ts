import type { DuckDBConnection } from '@duckdb/node-api'
import { isDamage } from '../duckdb/duckdb-errors.ts'
import type { BlockSize } from '../duckdb/block-size.ts'
import { Engine } from '../duckdb/engine.ts'
import { sizeOf } from '../file/pair-files.ts'
import { blockSizeOf } from '../recovery/database-header.ts'

/**
 * An engine with a damaged file and the new one that is built of it. An internal error ends an
 * engine for good, with everything that is attached to it: then another one takes its place.
 */
export class RescueEngine {
  readonly #damaged: string | undefined
  readonly #target: string
  #engine: Engine | undefined
  /** On the new file. */
  connection!: DuckDBConnection
  /** Names of the two in the engine; undefined for a damaged file that cannot be opened. */
  from: string | undefined
  to!: string

  private constructor(damaged: string | undefined, target: string) {
    this.#damaged = damaged
    this.#target = target
  }

  static async open(damaged: string | undefined, target: string): Promise<RescueEngine> {
    const rescue = new RescueEngine(damaged, target)
    await rescue.#start()
    return rescue
  }

  /** Starts anew when the engine is dead; what was committed to the new file is in it. */
  async revive(): Promise<void> {
    try {
      await this.connection.run('SELECT 1')
    } catch {
      await this.close()
      await this.#start()
    }
  }

  /** Ends a healthy engine with the new file whole on the disk, a dead one as it is. */
  async close(): Promise<void> {
    this.connection.closeSync()
    for (const alias of [this.from, this.to])
      if (alias !== undefined) await this.#engine?.detach(alias).catch(() => undefined)
    this.#engine?.stop()
    this.#engine = undefined
  }

  async #start(): Promise<void> {
    this.from = undefined
    let engine = await Engine.start()
    let blockSize: BlockSize | undefined
    if (this.#damaged !== undefined && (await sizeOf(this.#damaged)) !== undefined) {
      blockSize = await blockSizeOf(this.#damaged)
      this.from = await engine.attach(this.#damaged).catch((error: unknown) => {
        if (isDamage(error)) return undefined
        engine.stop()
        throw error
      })
      if (this.from === undefined) {
        engine.stop()
        engine = await Engine.start()
      }
    }
    this.#engine = engine
    this.to = await engine.attach(this.#target, blockSize)
    this.connection = await engine.connect(this.to)
  }
}
