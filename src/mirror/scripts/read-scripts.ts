import type { ServerScript } from '../clients/valkey-client.ts'
import { readingScript } from './server-script.ts'

/** Lua's unpack fails near 8,000 values: longer lists are asked for in slices. */
const ordersOfSet = `
local function ordersOf(hash, set)
  local found = {}
  local ids = redis.call('SMEMBERS', set)
  for first = 1, #ids, 1000 do
    local last = math.min(first + 999, #ids)
    local values = redis.call('HMGET', hash, unpack(ids, first, last))
    for i = first, last do
      found[#found + 1] = ids[i]
      found[#found + 1] = values[i - first + 1]
    end
  end
  return found
end
`

/**
 * The open orders in one read. KEYS: orders, a set of open ids. Gives id, JSON (or nil), id …
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
