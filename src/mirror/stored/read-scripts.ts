import type { ServerScript } from '../../valkey/valkey-client.ts'
import { readingScript } from '../../valkey/server-script.ts'

/** Lua's unpack fails near 8,000 values: longer lists are asked for in slices. */
const ordersOfSet = `
local function ordersOf(hash, set)
  local ids = redis.call('SMEMBERS', set)
  local found = {ids}
  for first = 1, #ids, 1000 do
    local last = math.min(first + 999, #ids)
    found[#found + 1] = redis.call('HMGET', hash, unpack(ids, first, last))
  end
  return found
end
`

/** What the scripts give of a set's orders: the ids, then their JSON in slices. */
export type OrdersReply = readonly (readonly (string | null)[])[]

/** The ids of a set with the JSON of each; null where there is no such order. */
export function* ordersById(reply: OrdersReply): Generator<[id: string, json: string | null]> {
  const [ids = [], ...slices] = reply
  let at = 0
  for (const slice of slices) for (const json of slice) yield [ids[at++]!, json]
}

/**
 * The open orders in one read. KEYS: orders, a set of open ids.
 */
export const openOrdersScript: ServerScript = readingScript(`${ordersOfSet}
return ordersOf(KEYS[1], KEYS[2])
`)

/**
 * Everything that a watcher begins from, in one read. KEYS: orders, open:set, balances, epoch,
 * sequence. Gives epoch, sequence, the open orders as above, the balances' JSON.
 */
export const snapshotScript: ServerScript = readingScript(`${ordersOfSet}
return {
  redis.call('GET', KEYS[4]) or '',
  redis.call('GET', KEYS[5]) or '0',
  ordersOf(KEYS[1], KEYS[2]),
  redis.call('HVALS', KEYS[3])
}
`)

/**
 * Who writes and how fresh what is stored is. KEYS: fence, leader, time of the last unit, sequence,
 * epoch. Gives their values, '' for those that are not there.
 */
export const statusScript: ServerScript = readingScript(`
local found = {}
for i = 1, #KEYS do found[i] = redis.call('GET', KEYS[i]) or '' end
return found
`)

/** A hash as field, value, field …, whatever the client makes of HGETALL. KEYS: the hash. */
export const hashScript: ServerScript = readingScript(`
return redis.call('HGETALL', KEYS[1])
`)

/**
 * The oldest things of an index, as id, time, id …. KEYS: the index. ARGV: the score up to which,
 * the most of them.
 */
export const oldestScript: ServerScript = readingScript(`
return redis.call('ZRANGE', KEYS[1], '-inf', ARGV[1], 'BYSCORE', 'LIMIT', 0, ARGV[2], 'WITHSCORES')
`)

/**
 * One page of a hash, the newest first. KEYS: its index, the hash. ARGV: first and last rank. Gives
 * a value for each, or none.
 */
export const pageScript: ServerScript = readingScript(`
local ids = redis.call('ZRANGE', KEYS[1], ARGV[1], ARGV[2], 'REV')
if #ids == 0 then return {} end
return redis.call('HMGET', KEYS[2], unpack(ids))
`)

/**
 * The trade statistics in one read. KEYS: the four indexes. Gives key, its hash as a flat list,
 * key …
 */
export const tradeStatsScript: ServerScript = readingScript(`
local found = {}
for i = 1, #KEYS do
  for _, key in ipairs(redis.call('SMEMBERS', KEYS[i])) do
    found[#found + 1] = key
    found[#found + 1] = redis.call('HGETALL', key)
  end
end
return found
`)
