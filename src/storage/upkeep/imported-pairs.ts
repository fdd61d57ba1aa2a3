import { formatPair, type Pair } from '../../pair.ts'
import type { RetentionRules } from '../../schema/retention-policy.ts'
import type { Query } from '../../queries/query.ts'
import { msFromMicros, type Clock } from '../../time.ts'
import { readRows } from '../duckdb/read-rows.ts'
import type { InsertCounts } from '../events/outcomes.ts'
import { ImportedIds } from '../import/imported-ids.ts'
import type { NumberedTrade } from '../import/id-holes.ts'
import type { StoredTrades } from '../import/stored-ids.ts'
import type { PairDatabase } from '../pool/pair-database.ts'
import { CheckedTicks } from '../write/checked-ticks.ts'
import { claimIdSpace } from '../write/id-space.ts'
import { insertOrSetAside } from './archive/set-aside.ts'
import type { ImportedHistory } from './imported-history.ts'

/** Lends an open pair. */
type Use = <T>(pair: Pair, job: (database: PairDatabase) => Promise<T>) => Promise<T>

/** What an import that was stored whole leaves to the next one of the same pair. */
interface Left {
  readonly last: NumberedTrade | undefined
  readonly claimed: string | undefined
}

/** Of the pairs that many files fill, what the file before left: else each file asks its pair for it again. */
export type LeftByPair = Map<string, Left>

/** One pair that an import fills. */
interface Filled {
  readonly ids: ImportedIds
  readonly pair: Pair
  /** The batch before: a batch looks at what is stored, so it is stored first. */
  before: Promise<unknown>
  claimed: string | undefined
}

/**
 * The pairs that an import of trades fills, batch by batch: their id space is claimed, their
 * history kept, and a hole among their ids noted in the transaction of the trades after it.
 */
export class ImportedPairs {
  readonly #use: Use
  readonly #history: ImportedHistory
  /** See {@link PairContext.newRules}. */
  readonly #newRules: Map<string, RetentionRules>
  readonly #clock: Clock
  /** There where more files follow: {@link settlePair} comes at their end. */
  readonly #left: LeftByPair | undefined
  readonly #pairs = new Map<string, Filled>()

  constructor(
    use: Use,
    of: {
      history: ImportedHistory
      newRules: Map<string, RetentionRules>
      clock: Clock
      left: LeftByPair | undefined
    },
  ) {
    this.#use = use
    this.#history = of.history
    this.#newRules = of.newRules
    this.#clock = of.clock
    this.#left = of.left
  }

  /** Stores a batch after the one before it; the pair's file is made by its first. */
  insert(pair: Pair, ticks: CheckedTicks, idSpace: string | undefined): Promise<InsertCounts> {
    const filled = this.#filled(pair)
    const stored = filled.before.then(() => {
      this.#newRules.set(formatPair(pair), this.#history.rulesOfNew('ticks', oldestOf(ticks)))
      return this.#use(pair, (database) => this.#insert(filled, database, ticks, idSpace))
    })
    filled.before = stored.catch(() => undefined)
    return stored
  }

  /** Looks at the ends: what is missing behind the last trade, and which known holes are filled. */
  async end(): Promise<void> {
    for (const [name, filled] of this.#pairs) {
      const { pair, ids, before } = filled
      await before
      if (!ids.isEmpty)
        await this.#use(pair, async (database) => {
          const gaps = await ids.atEnd(storedTrades(database))
          if (gaps.length > 0) await database.writer.insertBatch(CheckedTicks.none, gaps)
        })
      this.#left?.set(name, { last: ids.last, claimed: filled.claimed })
    }
  }

  /** What is missing, in a sentence for each pair; nothing where nothing is. */
  get notes(): string[] {
    return [...this.#pairs].flatMap(([name, { ids }]) => {
      const { holes, missing } = ids.found
      if (holes === 0) return []
      const where = holes === 1 ? 'in one place' : `in ${holes} places`
      return [
        `${name}: ${missing === 1 ? 'one trade id is' : `${missing} trade ids are`} missing ${where}, which is in the ledger of gaps (pairduck gaps, \`db.gaps\`): import what they are in, or fill them with \`db.backfill\``,
      ]
    })
  }

  async #insert(
    filled: Filled,
    database: PairDatabase,
    ticks: CheckedTicks,
    idSpace: string | undefined,
  ): Promise<InsertCounts> {
    if (idSpace !== undefined && filled.claimed !== idSpace)
      await database.writer.run((connection) => claimIdSpace(connection, database.name, idSpace))
    filled.claimed = idSpace
    this.#newRules.delete(database.name)
    database.writer.ticks.isInBulk = this.#left !== undefined
    const kept = this.#history.keep(database, 'ticks', oldestOf(ticks))
    const gaps = await filled.ids.inBatch(storedTrades(database), ticks)
    const counts = await insertOrSetAside(database, ticks, () =>
      database.writer.insertBatch(ticks, gaps),
    )
    await kept
    return counts
  }

  #filled(pair: Pair): Filled {
    const name = formatPair(pair)
    let filled = this.#pairs.get(name)
    if (filled === undefined) {
      const left = this.#left?.get(name)
      const ids = new ImportedIds(pair.exchange, this.#clock, left?.last)
      filled = { ids, pair, before: Promise.resolve(), claimed: left?.claimed }
      this.#pairs.set(name, filled)
    }
    return filled
  }
}

/** At the end of many files: has the candle views read no more ticks than at any other time. */
export async function settlePair({ writer }: PairDatabase): Promise<void> {
  writer.ticks.isInBulk = false
  await writer.run(async () => undefined)
}

function oldestOf({ micros }: CheckedTicks): number {
  let oldest = Infinity
  for (let row = 0; row < micros.length; row++) if (micros[row]! < oldest) oldest = micros[row]!
  return msFromMicros(oldest)
}

function storedTrades({ writer }: PairDatabase): StoredTrades {
  return {
    newestMicros: writer.ticks.state.newest,
    query: <Row>({ sql, params }: Query<Row>) =>
      writer.run((connection) => readRows<Row>(connection, sql, params)),
  }
}
