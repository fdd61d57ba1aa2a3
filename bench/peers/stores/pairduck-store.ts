import { DatabaseManager, type Tick } from '../../../src/index.ts'
import { pairNames } from '../../storage/trades.ts'
import type { PeerStore } from '../store.ts'

/** pairduck by its public interface. */
export class PairduckStore implements PeerStore {
  readonly db: DatabaseManager
  readonly names: readonly string[]

  private constructor(db: DatabaseManager, names: readonly string[]) {
    this.db = db
    this.names = names
  }

  static async open(dataDir: string, pairs: number): Promise<PairduckStore> {
    const db = await DatabaseManager.open({
      dataDir,
      retention: 'forever',
      idleCloseMs: 3_600_000,
      localSocket: false,
    })
    return new PairduckStore(db, pairNames(pairs))
  }

  async insert(pair: number, ticks: readonly Tick[]): Promise<number> {
    return (await this.db.insertTicks(this.names[pair]!, ticks)).inserted
  }

  /** The files have caught up with the log: who takes a connection finds everything. */
  async settle(): Promise<void> {
    await Promise.all(this.names.map((pair) => this.db.withConnection(pair, async () => undefined)))
  }

  close(): Promise<void> {
    return this.db.close()
  }
}
