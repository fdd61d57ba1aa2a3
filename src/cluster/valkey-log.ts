import { PairduckError } from '../errors.ts'
import { writingScript } from '../valkey/server-script.ts'
import type { ServerScript, ValkeyClient } from '../valkey/valkey-client.ts'
import type { ClusterKeys } from './cluster-keys.ts'
import type { IngestLog, LogEntry } from './ingest-log.ts'

/** KEYS: stream. ARGV: limit, channel, slot, pair, ticks. Gives the id, or FULL and the length. */
const appendScript: ServerScript = writingScript(`
local length = redis.call('XLEN', KEYS[1])
if length >= tonumber(ARGV[1]) then return {'FULL', tostring(length)} end
local id = redis.call('XADD', KEYS[1], '*', 'pair', ARGV[4], 'ticks', ARGV[5])
redis.call('PUBLISH', ARGV[2], ARGV[3])
return {'OK', id}
`)

/** KEYS: stream. ARGV: first id to keep, channel, slot and last id. */
const acknowledgeScript: ServerScript = writingScript(`
redis.call('XTRIM', KEYS[1], 'MINID', ARGV[1])
return redis.call('PUBLISH', ARGV[2], ARGV[3])
`)

/**
 * Valkey's streams as the log, one for each slot. A full stream refuses; an acknowledged entry is
 * trimmed. The position of reading is the owner's own, so that a new owner begins with the oldest
 * entry that is there: what the one before it had read and not stored.
 */
export class ValkeyLog implements IngestLog {
  readonly #client: ValkeyClient
  readonly #keys: ClusterKeys
  readonly #maxEntries: number
  /** The last entry that was read of each slot. */
  readonly #positions = new Map<number, string>()

  constructor(client: ValkeyClient, keys: ClusterKeys, maxEntries: number) {
    this.#client = client
    this.#keys = keys
    this.#maxEntries = maxEntries
  }

  async append(slot: number, pair: string, ticks: string): Promise<string> {
    const limit = String(this.#maxEntries)
    const [answer, value] = (await this.#client.script(
      appendScript,
      [this.#keys.log(slot)],
      [limit, this.#keys.appended, String(slot), pair, ticks],
    )) as [string, string]
    if (answer === 'OK') return value
    throw new PairduckError(
      'BACKPRESSURE',
      `${pair}: the log of slot ${slot} holds ${value} entries that no worker has stored yet; \`maxEntries\` is ${limit}: send it again later`,
      { pair, slot, entries: Number(value), maxEntries: this.#maxEntries },
    )
  }

  async read(slot: number, count: number, again: boolean): Promise<readonly LogEntry[]> {
    const position = again ? undefined : this.#positions.get(slot)
    const from = position === undefined ? '-' : `(${position}`
    const range = ['XRANGE', this.#keys.log(slot), from, '+', 'COUNT', String(count)]
    const reply = await this.#client.command(range)
    const entries = (reply as [id: string, fields: string[]][]).map(entryOf)
    const last = entries.at(-1)
    if (last !== undefined) this.#positions.set(slot, last.id)
    else if (again) this.#positions.delete(slot)
    return entries
  }

  async acknowledge(slot: number, ids: readonly string[]): Promise<void> {
    const last = ids.at(-1)
    if (last === undefined) return
    await this.#client.script(
      acknowledgeScript,
      [this.#keys.log(slot)],
      [after(last), this.#keys.stored, `${slot}|${last}`],
    )
  }

  async lengths(slots: readonly number[]): Promise<readonly number[]> {
    return Promise.all(
      slots.map(async (slot) => Number(await this.#client.command(['XLEN', this.#keys.log(slot)]))),
    )
  }

  async holds(slot: number, id: string): Promise<boolean> {
    const found = await this.#client.command(['XRANGE', this.#keys.log(slot), id, id])
    return Array.isArray(found) && found.length > 0
  }
}

/** The smallest id behind one. */
function after(id: string): string {
  const { ms, sequence } = partsOf(id)
  return `${ms}-${sequence + 1n}`
}

/** Whether the first id is behind the second. */
export function isLaterEntry(id: string, than: string): boolean {
  const [a, b] = [partsOf(id), partsOf(than)]
  return a.ms === b.ms ? a.sequence > b.sequence : a.ms > b.ms
}

function partsOf(id: string): { ms: bigint; sequence: bigint } {
  const [ms = '0', sequence = '0'] = id.split('-')
  return { ms: BigInt(ms), sequence: BigInt(sequence) }
}

function entryOf([id, fields]: [id: string, fields: string[]]): LogEntry {
  const valueOf = (name: string): string => fields[fields.indexOf(name) + 1] ?? ''
  return { id, pair: valueOf('pair'), ticks: valueOf('ticks') }
}
