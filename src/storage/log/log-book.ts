import { readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { PairduckError } from '../../errors.ts'
import { Backlog } from './backlog.ts'
import { isClaimed } from './claims.ts'
import type { LogEntry } from './log-entry.ts'
import { CommitLog } from './commit-log.ts'
import { isOwnerGone, ownerOf, removeDeadLog, sweepDrafts } from './log-folder.ts'
import type { LogDamage } from './read-segment.ts'
import { refuseLostLogs } from './place-logs.ts'
import { readLog } from './read-log.ts'

/** What the log of an owner who is gone holds for one pair. */
export interface Inheritance {
  readonly log: string
  readonly entries: readonly LogEntry[]
}

/** What the logs of a data directory have to do with a pair. */
export interface LogsOfPair {
  /** What dead owners' logs hold for it. */
  readonly inherited: readonly Inheritance[]
  /** The names of all logs that there are. */
  readonly logs: readonly string[]
}

interface DeadLog {
  readonly name: string
  /** Entries by pair, until they are in the pair's file. */
  readonly pairs: Map<string, LogEntry[]>
  readonly damaged: boolean
}

/**
 * The logs of a data directory: the manager's own, with what of it is not in the files yet, and
 * those that others left behind by dying. Those are only read: each pair's file says itself how far
 * it has them, so whoever opens it may apply what is missing.
 */
export class LogBook {
  readonly log: CommitLog
  readonly #root: string
  readonly #backlogs = new Map<string, Backlog>()
  readonly #dead = new Map<string, DeadLog>()
  readonly #onDamage: (log: string, damages: readonly LogDamage[]) => void
  #looking: Promise<unknown> = Promise.resolve()

  constructor(root: string, onDamage: (log: string, damages: readonly LogDamage[]) => void) {
    this.#root = root
    this.log = new CommitLog(root)
    this.#onDamage = onDamage
  }

  /** What of the own log is not in the pair's file yet. */
  backlogOf(pair: string): Backlog {
    let backlog = this.#backlogs.get(pair)
    if (backlog === undefined) this.#backlogs.set(pair, (backlog = new Backlog()))
    return backlog
  }

  /** Pairs that have records waiting for their file. */
  pairsWaiting(): string[] {
    return [...this.#backlogs].filter(([, backlog]) => backlog.length > 0).map(([pair]) => pair)
  }

  /** Takes note of logs whose owner has died since, and returns the pairs that they hold something for. */
  async inheritedPairs(): Promise<string[]> {
    await this.#look()
    return [...new Set([...this.#dead.values()].flatMap(({ pairs }) => [...pairs.keys()]))]
  }

  /**
   * What dead owners' logs hold for a pair whose file is locked by now, and the names of all logs
   * that there are. `PAIR_LOCKED` while a living owner's log may hold something for it.
   */
  async inheritanceOf(pair: string): Promise<LogsOfPair> {
    const logs = await this.refuseOthers(pair)
    const inherited: Inheritance[] = []
    for (const { name, pairs } of this.#dead.values()) {
      const entries = pairs.get(pair)
      if (entries !== undefined) inherited.push({ log: name, entries })
    }
    return { inherited, logs }
  }

  /** `PAIR_LOCKED` where a pair is a living owner's, whose file may be closed; returns the names of all logs. */
  async refuseOthers(pair: string): Promise<string[]> {
    const logs = await this.#look()
    for (const name of logs)
      if (name !== this.log.name && !this.#dead.has(name)) await this.#refuseClaimed(name, pair)
    return logs
  }

  /** All that dead owners' logs held for a pair is in its file; a log that holds nothing else goes. */
  async settle(pair: string): Promise<void> {
    for (const { name, pairs, damaged } of this.#dead.values()) {
      if (pairs.delete(pair) && pairs.size === 0) await this.#remove(name, damaged)
    }
  }

  /** One that the disk spoiled stays, under another name: somebody may read more out of it. */
  async #remove(name: string, damaged: boolean): Promise<void> {
    const folder = join(this.#root, name)
    if (damaged) await rename(folder, join(this.#root, `spoiled-${name}`)).catch(() => undefined)
    else await removeDeadLog(folder)
  }

  async #refuseClaimed(log: string, pair: string): Promise<void> {
    const folder = join(this.#root, log)
    if (!(await isClaimed(folder, pair))) return
    const pid = (await ownerOf(folder))?.pid
    throw new PairduckError(
      'PAIR_LOCKED',
      `${pair}: open in process ${pid ?? 'unknown'}, which may have acknowledged ticks that are not in the file yet`,
      { pid },
    )
  }

  /** Reads the logs whose owners are gone, once each; returns the names of all logs. */
  #look(): Promise<string[]> {
    const looking = this.#looking.then(() => this.#lookNow())
    this.#looking = looking.catch(() => undefined)
    return looking
  }

  async #lookNow(): Promise<string[]> {
    const names = await logsIn(this.#root)
    // Whoever removed it has found all of it in the files, where its marks may be gone by now.
    for (const name of this.#dead.keys()) if (!names.includes(name)) this.#dead.delete(name)
    await this.#read(names.filter((name) => name !== this.log.name && !this.#dead.has(name)))
    return names
  }

  async #read(names: readonly string[]): Promise<void> {
    for (const name of names) {
      const folder = join(this.#root, name)
      if (!(await isOwnerGone(folder))) continue
      const { entries, damages } = await readLog(folder)
      const pairs = new Map<string, LogEntry[]>()
      for (const entry of entries) {
        const others = pairs.get(entry.pair)
        if (others === undefined) pairs.set(entry.pair, [entry])
        else others.push(entry)
      }
      this.#dead.set(name, { name, pairs, damaged: damages.length > 0 })
      if (damages.length > 0) this.#onDamage(name, damages)
      if (pairs.size === 0) await this.#remove(name, damages.length > 0)
    }
  }
}

async function logsIn(root: string): Promise<string[]> {
  try {
    const names = await readdir(root)
    await sweepDrafts(root, names)
    return names.filter((name) => /^\d+-[0-9a-f]{16}$/.test(name))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    await refuseLostLogs(root)
    return []
  }
}
