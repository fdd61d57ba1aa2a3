import { readingScript, writingScript } from '../valkey/server-script.ts'
import type { ServerScript } from '../valkey/valkey-client.ts'

// Time is the server's: the only clock that all members share.
const now = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)`

/**
 * A member says that it lives, and learns who else does. KEYS: members, about. ARGV: member, how
 * long a member without a heartbeat counts (ms), what the member says of itself (JSON). Gives the
 * living members.
 */
export const heartbeatScript: ServerScript = writingScript(`${now}
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[2]))) do
  redis.call('ZREM', KEYS[1], gone)
  redis.call('HDEL', KEYS[2], gone)
end
return redis.call('ZRANGE', KEYS[1], 0, -1)
`)

/** A member leaves. KEYS: members, about. ARGV: member. */
export const leaveScript: ServerScript = writingScript(`
redis.call('HDEL', KEYS[2], ARGV[1])
return redis.call('ZREM', KEYS[1], ARGV[1])
`)

/**
 * Leases free slots. KEYS: leases. ARGV: owner, lease in ms, slots …. Gives for each slot the token
 * of the lease, 0 where another member's lease has not run out. The token grows with each change of
 * owner, so that an owner of the past can be told from the present one.
 */
export const claimScript: ServerScript = writingScript(`${now}
local granted = {}
for i = 3, #ARGV do
  local held = redis.call('HGET', KEYS[1], ARGV[i])
  local token, owner, expires = 0, '', 0
  if held then
    local t, o, e = string.match(held, '^(%d+)|(.*)|(%d+)$')
    token, owner, expires = tonumber(t), o, tonumber(e)
  end
  if owner == ARGV[1] or expires <= now then
    if owner ~= ARGV[1] or expires <= now then token = token + 1 end
    redis.call('HSET', KEYS[1], ARGV[i],
      string.format('%.0f|%s|%.0f', token, ARGV[1], now + tonumber(ARGV[2])))
    granted[#granted + 1] = token
  else
    granted[#granted + 1] = 0
  end
end
return granted
`)

/**
 * Renews leases. KEYS: leases. ARGV: owner, lease in ms, then slot and token in turns. Gives 1 for
 * each lease that is still the owner's, else 0.
 */
export const renewScript: ServerScript = writingScript(`${now}
local kept = {}
for i = 3, #ARGV, 2 do
  local held = redis.call('HGET', KEYS[1], ARGV[i])
  local token, owner = string.match(held or '', '^(%d+)|(.*)|%d+$')
  if token == ARGV[i + 1] and owner == ARGV[1] then
    redis.call('HSET', KEYS[1], ARGV[i],
      string.format('%s|%s|%.0f', token, owner, now + tonumber(ARGV[2])))
    kept[#kept + 1] = 1
  else
    kept[#kept + 1] = 0
  end
end
return kept
`)

/** Gives one lease back; the token stays. KEYS: leases. ARGV: owner, slot, token. */
export const releaseScript: ServerScript = writingScript(`
local held = redis.call('HGET', KEYS[1], ARGV[2])
local token, owner = string.match(held or '', '^(%d+)|(.*)|%d+$')
if token ~= ARGV[3] or owner ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], ARGV[2], token .. '||0')
return 1
`)

/** The server's time, the members with their heartbeats and words, and all leases. KEYS: members, about, leases. */
export const stateScript: ServerScript = readingScript(`${now}
return {now, redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES'),
  redis.call('HGETALL', KEYS[2]), redis.call('HGETALL', KEYS[3])}
`)
