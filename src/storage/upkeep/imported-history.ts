import {
  defaultRetention,
  resolveRules,
  type RetentionRules,
} from '../../schema/retention-policy.ts'
import type { Relation } from '../../schema/tables.ts'
import type { Clock } from '../../time.ts'
import { isUnused } from '../file/pair-state.ts'
import type { PairDatabase } from '../pool/pair-database.ts'

interface ManagerRules {
  readonly clock: Clock
  /** Those that it puts into the file of each pair. */
  readonly retention: RetentionRules
}

/**
 * The retention of a pair that an import fills: the rules that were given with it; else, for a new
 * pair whose rows are older than the default keeps them, `forever`. Otherwise the next cleanup
 * would delete what somebody has just brought.
 */
export class ImportedHistory {
  readonly #given: RetentionRules
  readonly #manager: ManagerRules
  /** By pair, whether nothing was there before the first row of this import. */
  readonly #beganEmpty = new Map<string, boolean>()
  readonly #decided = new Set<string>()
  #forever = false

  constructor(given: RetentionRules, manager: ManagerRules) {
    this.#given = given
    this.#manager = manager
  }

  /** What the report says of it. */
  get stored(): { readonly retention?: 'forever' } {
    return this.#forever ? { retention: 'forever' } : {}
  }

  /** What {@link keep} will give to a pair that has no file yet: its file is made for it. */
  rulesOfNew(relation: Relation, oldest: number): RetentionRules {
    const { retention } = this.#manager
    if (Object.keys(this.#given).length > 0) return this.#given
    const isForever = retention[relation] === undefined && this.#isTooOld(relation, oldest)
    return isForever ? resolveRules('forever') : {}
  }

  /** Before rows are stored, the oldest of them of this time (Unix ms). */
  async keep(database: PairDatabase, relation: Relation, oldest: number): Promise<void> {
    const { name } = database
    if (this.#decided.has(name)) return
    if (Object.keys(this.#given).length > 0) {
      this.#decided.add(name)
      return database.storeRules(this.#given)
    }
    const beganEmpty = this.#beganEmpty.get(name) ?? (await isEmpty(database))
    this.#beganEmpty.set(name, beganEmpty)
    if (!beganEmpty || database.rules[relation] !== undefined) {
      this.#decided.add(name)
      return
    }
    if (!this.#isTooOld(relation, oldest)) return
    this.#decided.add(name)
    this.#forever = true
    await database.storeRules({ ...resolveRules('forever'), ...database.rules })
  }

  #isTooOld(relation: Relation, oldest: number): boolean {
    const { keepMs } = defaultRetention[relation]
    return keepMs !== 'forever' && oldest < this.#manager.clock() - keepMs
  }
}

/** Not by whether this process made its file: an import that was killed may have left it without a row. */
async function isEmpty(database: PairDatabase): Promise<boolean> {
  const { candles, writer } = database
  if (writer.ticks.state.newest !== -Infinity) return false
  return writer.run((connection) => isUnused(connection, candles))
}
