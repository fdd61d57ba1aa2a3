import { PairduckError } from '../errors.ts'
import { writingScript } from '../valkey/server-script.ts'
import type { ServerScript, ValkeyClient } from '../valkey/valkey-client.ts'
import type { ClusterKeys } from './cluster-keys.ts'
import type { IngestLog, LogEntry } from './ingest-log.ts'

/** One group and one consumer for every owner: the next owner reads what the last one had taken. */
const group = 'pairduck'
const consumer = 'owner'

/** KEYS: stream. ARGV: limit, channel, slot, pair, ticks. Gives the id, or FULL and the length. */
const appendScript: ServerScript = writingScript(`
local length = redis.call('XLEN', KEYS[1])
if length >= tonumber(ARGV[1]) then return {'FULL', tostring(length)} end
local id = redis.call('XADD', KEYS[1], '*', 'pair', ARGV[4], 'ticks', ARGV[5])
redis.call('PUBLISH', ARGV[2], ARGV[3])
return {'OK', id}
`)

/** Reads, and makes the group where there is none yet. KEYS: stream. ARGV: group, consumer, count, from. */
const readScript: ServerScript = writingScript(`
local function read()
  return redis.pcall('XREADGROUP', 'GROUP', ARGV[1], ARGV[2], 'COUNT', ARGV[3],
    'STREAMS', KEYS[1], ARGV[4])
end
local entries = read()
if type(entries) == 'table' and entries.err and string.find(entries.err, 'NOGROUP') then
  redis.call('XGROUP', 'CREATE', KEYS[1], ARGV[1], '0', 'MKSTREAM')
  entries = read()
end
return entries
`)

/**
 * Acknowledges and trims. KEYS: stream. ARGV: group, first id to keep, channel, slot and last id,
 * ids …
 */
const acknowledgeScript: ServerScript = writingScript(`
local ids = {}
for i = 5, #ARGV do ids[#ids + 1] = ARGV[i] end
redis.call('XACK', KEYS[1], ARGV[1], unpack(ids))
redis.call('XTRIM', KEYS[1], 'MINID', ARGV[2])
return redis.call('PUBLISH', ARGV[3], ARGV[4])
`)

/** Valkey's streams as the log. A full stream refuses; nothing is ever trimmed that is not stored. */
export class ValkeyLog implements IngestLog {
  readonly #client: ValkeyClient
  readonly #keys: ClusterKeys
  readonly #maxEntries: number

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
    const reply = await this.#client.script(
      readScript,
      [this.#keys.log(slot)],
      [group, consumer, String(count), again ? '0' : '>'],
    )
    return entriesOf(reply)
  }

  async acknowledge(slot: number, ids: readonly string[]): Promise<void> {
    const last = ids.at(-1)
    if (last === undefined) return
    await this.#client.script(
      acknowledgeScript,
      [this.#keys.log(slot)],
      [group, after(last), this.#keys.stored, `${slot}|${last}`, ...ids],
    )
  }

  async length(slot: number): Promise<number> {
    return Number(await this.#client.command(['XLEN', this.#keys.log(slot)]))
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

/** `[[stream, [[id, [field, value …]] …]]]`; null when there is none. */
function entriesOf(reply: unknown): LogEntry[] {
  const [stream] = (reply ?? []) as [name: string, entries: [string, string[] | null][]][]
  return (stream?.[1] ?? []).flatMap(([id, fields]) => {
    // An entry that was trimmed after it had been read has no fields any more.
    if (fields === null) return []
    const named = new Map(
      Array.from({ length: fields.length / 2 }, (_, at) => [fields[at * 2]!, fields[at * 2 + 1]!]),
    )
    return [{ id, pair: named.get('pair') ?? '', ticks: named.get('ticks') ?? '' }]
  })
}
