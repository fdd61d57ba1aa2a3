import { setTimeout as sleep } from 'node:timers/promises'
import { PairduckError } from '../errors.ts'
import type { Gap } from '../schema/gaps.ts'
import type { Tick } from '../schema/rows.ts'
import type { DatabaseManager } from '../storage/database-manager.ts'
import type { InsertCounts } from '../storage/events/outcomes.ts'
import { total } from '../storage/write/pending-commit.ts'
import { BackOff } from './back-off.ts'
import type { RecordListener } from './record-events.ts'

/** What passes: another process has the file, the disk is full, too much waits. */
const passing = ['BACKPRESSURE', 'PAIR_LOCKED', 'POOL_EXHAUSTED', 'DISK_FULL', 'IO_FAILED'] as const
/** After the wish to stop what was received is tried for so long. */
const lastTriesMs = 5_000

/** Brings trades and ledger into one pair's file, whatever stands in the way for a while. */
export class TradeStore {
  readonly pair: string
  readonly #db: DatabaseManager
  readonly #tell: RecordListener
  readonly #signal: AbortSignal

  constructor(db: DatabaseManager, pair: string, tell: RecordListener, signal: AbortSignal) {
    this.#db = db
    this.pair = pair
    this.#tell = tell
    this.#signal = signal
  }

  /**
   * Stores ticks and holes in one transaction. A tick that cannot be stored becomes a hole with the
   * reason; the others are stored.
   */
  async store(ticks: readonly Tick[], gaps: readonly Gap[]): Promise<InsertCounts> {
    const kept = [...ticks]
    const noted = [...gaps]
    const backOff = new BackOff()
    for (;;) {
      try {
        const counts = await this.#db.insertTicks(this.pair, kept, { gaps: noted })
        for (const gap of noted) this.#tell({ type: 'gap', pair: this.pair, gap })
        return counts
      } catch (error) {
        if (PairduckError.is(error, 'INVALID_TICK')) {
          const index = Number(error.details['index'])
          noted.push(holeOf(kept, index, error.message))
          kept.splice(index, 1)
          this.#tell({ type: 'rejected', pair: this.pair, reason: error.message })
        } else if (passing.some((code) => PairduckError.is(error, code))) {
          this.#tell({ type: 'error', pair: this.pair, error })
          await this.#pause(backOff, error)
        } else throw error
      }
    }
  }

  /** Many at once, in calls of bounded size. */
  async storeAll(ticks: readonly Tick[]): Promise<InsertCounts> {
    const counts: InsertCounts[] = []
    for (let from = 0; from < ticks.length; from += batchTicks)
      counts.push(await this.store(ticks.slice(from, from + batchTicks), []))
    return total(counts)
  }

  #stoppedAt: number | undefined

  async #pause(backOff: BackOff, error: unknown): Promise<void> {
    if (!this.#signal.aborted) return backOff.wait(this.#signal)
    this.#stoppedAt ??= Date.now()
    if (Date.now() - this.#stoppedAt > lastTriesMs) throw error
    await sleep(100)
  }
}

const batchTicks = 5_000

/** What is missing with a tick that cannot be stored. */
function holeOf(ticks: readonly Tick[], index: number, reason: string): Gap {
  const now = Date.now()
  const [before, after] = [ticks[index - 1] ?? ticks[index + 1], ticks[index + 1]]
  const times = [before, after].map((tick) => tick?.timestamp ?? now)
  return {
    fromTime: Math.min(...times, now),
    toTime: Math.max(...times),
    fromId: ticks[index]!.tradeId ?? null,
    toId: ticks[index]!.tradeId ?? null,
    state: 'unfillable',
    reason,
    tries: 0,
    openedAt: now,
    closedAt: null,
  }
}
