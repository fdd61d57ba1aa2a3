import { LRUCache } from 'lru-cache'
import { PairduckError } from '../../errors.ts'
import type { PairLike } from '../../pair.ts'
import { faultOfSelect, parseSelectQuery } from '../../storage/duckdb/select-guard.ts'
import type { MarketStore } from '../../storage/market-store.ts'
import { withinTime } from './within-time.ts'

const maxSqlCharacters = 100_000

/**
 * Lets through one SELECT over the pair's own tables, by the guard that every query of the store
 * passes, and refuses all else (`REQUEST_REFUSED`): other statements, files, the network, other
 * pairs, and over the network the engine's catalogue too, which names the files of all, and patterns
 * that may keep the engine busy for hours. That the statement cannot write is the work of its
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

  /** `schemas`: names of other pairs that the statement may use. */
  async check(pair: PairLike, sql: string, schemas: readonly string[] = []): Promise<void> {
    const key = JSON.stringify([schemas, sql])
    if (this.#passed.has(key)) return
    if (sql.length > maxSqlCharacters)
      throw refused(`it is longer than ${maxSqlCharacters} characters`)
    const [row] = await withinTime(this.#timeoutMs, 'sql', (signal) =>
      this.#store.query(pair, parseSelectQuery(sql), { signal }),
    )
    const scope = { schemas, catalog: false, anyPattern: false }
    const fault = faultOfSelect(row?.tree ?? '{"error":true}', scope)
    if (fault?.isSyntax === true) throw new PairduckError('QUERY_FAILED', `sql: ${fault.reason}`)
    if (fault !== undefined) throw refused(fault.reason)
    this.#passed.set(key, true)
  }
}

function refused(why: string): PairduckError {
  return new PairduckError(
    'REQUEST_REFUSED',
    `sql: ${why}; expected one SELECT over the tables of the pair`,
  )
}
