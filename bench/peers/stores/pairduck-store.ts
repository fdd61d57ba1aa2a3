import { setTimeout as delay } from 'node:timers/promises'
import { DatabaseManager, type Tick } from '../../../src/index.ts'
import { pairNames } from '../../storage/trades.ts'
import type { ReadableStore } from './readable-store.ts'

const filesFollowWithinMs = 600
const restMs = 100
/** Of the processor, in that time, when nothing is done. */
const mostAtRestMicros = 10_000

/** pairduck by its public interface. */
export class PairduckStore implements ReadableStore {
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

  async lastTicks(pair: number, count: number): Promise<number> {
    return (await this.db.recentTicks(this.names[pair]!, count)).length
  }

  async lastCandles(pair: number, count: number): Promise<number> {
    return (await this.db.lastCandles(this.names[pair]!, '1m', count)).length
  }

  /** The files follow by themselves; asking for it would cost what nobody asks for. */
  async settle(): Promise<void> {
    await delay(filesFollowWithinMs)
    for (let worked = true; worked;) {
      const before = process.cpuUsage()
      await delay(restMs)
      const { user, system } = process.cpuUsage(before)
      worked = user + system > mostAtRestMicros
    }
  }

  close(): Promise<void> {
    return this.db.close()
  }
}
