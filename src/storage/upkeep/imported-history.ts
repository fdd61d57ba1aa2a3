import {
  defaultRetention,
  resolveRules,
  type RetentionRules,
} from '../../schema/retention-policy.ts'
import type { Relation } from '../../schema/tables.ts'
import type { Clock } from '../../time.ts'
import type { PairDatabase } from '../pool/pair-database.ts'

/**
 * The retention of a pair that an import fills: the rules that were given with it; else, for a new
 * pair whose rows are older than the default keeps them, `forever`. Otherwise the next cleanup
 * would delete what somebody has just brought.
 */
export class ImportedHistory {
  readonly #given: RetentionRules
  readonly #clock: Clock
  /** By pair, whether nothing was there before the first row of this import. */
  readonly #beganEmpty = new Map<string, boolean>()
  readonly #decided = new Set<string>()
  #forever = false

  constructor(given: RetentionRules, clock: Clock) {
    this.#given = given
    this.#clock = clock
  }

  /** What the report says of it. */
  get stored(): { readonly retention?: 'forever' } {
    return this.#forever ? { retention: 'forever' } : {}
  }

  /** Before rows are stored, the oldest of them of this time (Unix ms). */
  async keep(database: PairDatabase, relation: Relation, oldest: number): Promise<void> {
    const { name } = database
    if (this.#decided.has(name)) return
    if (Object.keys(this.#given).length > 0) {
      this.#decided.add(name)
      return database.storeRules(this.#given)
    }
    const { keepMs } = defaultRetention[relation]
    const beganEmpty =
      this.#beganEmpty.get(name) ??
      (database.isNew && database.writer.ticks.state.newest === -Infinity)
    this.#beganEmpty.set(name, beganEmpty)
    if (!beganEmpty || database.rules[relation] !== undefined || keepMs === 'forever') {
      this.#decided.add(name)
      return
    }
    if (oldest >= this.#clock() - keepMs) return
    this.#decided.add(name)
    this.#forever = true
    await database.storeRules({ ...resolveRules('forever'), ...database.rules })
  }
}
