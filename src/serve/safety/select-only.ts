import { LRUCache } from 'lru-cache'
import { PairduckError } from '../../errors.ts'
import type { PairLike } from '../../pair.ts'
import { faultOfSelect, faultOfWords, parseSelectQuery } from '../../storage/duckdb/select-guard.ts'
import { ofStranger, type Query } from '../../queries/query.ts'
import type { MarketStore } from '../../storage/market-store.ts'
import { withinTime } from './within-time.ts'

const maxSqlCharacters = 100_000
/** As long as one that is written out. */
const maxTextOfParam = 1_000

/**
 * Lets through one SELECT over the pair's own tables, by the guard that every query of the store
 * passes, and refuses all else (`REQUEST_REFUSED`): other statements, files, the network, other
 * pairs, and over the network the engine's catalogue too, which names the files of all, and what
 * may keep the engine busy for hours. That the statement cannot write is the work of its
 * transaction, which only reads.
 */
export class SelectGuard {
  readonly #store: MarketStore
  readonly #timeoutMs: number
  /** Texts that passed: builders ask the same one again and again. */
  readonly #passed = new LRUCache<string, true>({ max: 500 })

  constructor(store: MarketStore, { answerTimeoutMs }: { readonly answerTimeoutMs: number }) {
    this.#store = store
    this.#timeoutMs = answerTimeoutMs
  }

  /** The query as it is to be run. `schemas`: names of other pairs that the statement may use. */
  async check<Row>(
    pair: PairLike,
    asked: Query<Row>,
    schemas: readonly string[] = [],
  ): Promise<Query<Row>> {
    const { sql, params } = asked
    if (
      Object.values(params).some(
        (value) => typeof value === 'string' && value.length > maxTextOfParam,
      )
    )
      throw refused(`a text that is given has ${maxTextOfParam} characters at most`)
    const key = JSON.stringify([schemas, sql])
    if (this.#passed.has(key)) return ofStranger(asked)
    if (sql.length > maxSqlCharacters)
      throw refused(`it is longer than ${maxSqlCharacters} characters`)
    const words = faultOfWords(sql)
    if (words !== undefined) throw refused(words)
    const [row] = await withinTime(this.#timeoutMs, 'sql', (signal) =>
      this.#store.query(pair, parseSelectQuery(sql), { signal }),
    )
    const scope = { schemas, catalog: false, isStrangers: true }
    const fault = faultOfSelect(row?.tree ?? '{"error":true}', scope)
    if (fault?.isSyntax === true) throw new PairduckError('QUERY_FAILED', `sql: ${fault.reason}`)
    if (fault !== undefined) throw refused(isOpenPivot(sql, fault) ? openPivot : fault.reason)
    this.#passed.set(key, true)
    return ofStranger(asked)
  }
}

const openPivot =
  "a PIVOT says by IN which columns it makes, as in `PIVOT ticks ON side IN ('BUY', 'SELL') USING sum(volume)`: without, the engine asks for them by a statement of its own"

/** What the engine takes for several statements. */
function isOpenPivot(sql: string, { reason }: { readonly reason: string }): boolean {
  return /\bpivot(?:_wider)?\b/i.test(sql) && reason.startsWith('it is no SELECT')
}

function refused(why: string): PairduckError {
  return new PairduckError(
    'REQUEST_REFUSED',
    `sql: ${why}; expected one SELECT over the tables of the pair`,
  )
}
