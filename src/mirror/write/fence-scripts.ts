import type { ServerScript } from '../../valkey/valkey-client.ts'
import { writingScript } from '../../valkey/server-script.ts'

/**
 * Takes over and begins a new epoch, so that watchers look again. The token is greater than the
 * one found, and seeded from the server's own clock, the only one that all writers share: a flush
 * can't set it back. KEYS: fence, epoch, sequence, leader. ARGV: owner, lease in ms, new epoch,
 * leader's name, writers' channel, and the only fence that may be there, if any may but one. Gives
 * fence, sequence; or FENCED and the fence found.
 */
export const takeOverScript: ServerScript = writingScript(`
local held = redis.call('GET', KEYS[1])
if held and ARGV[6] ~= '' and held ~= ARGV[6] then return {'FENCED', held} end
local time = redis.call('TIME')
local token = tonumber(time[1]) * 1000000 + tonumber(time[2])
local old = held and tonumber(string.match(held, '^%d+'))
if old and old >= token then token = old + 1 end
local fence = string.format('%.0f', token) .. ':' .. ARGV[1]
redis.call('SET', KEYS[1], fence)
redis.call('SET', KEYS[2], ARGV[3])
redis.call('SET', KEYS[4], ARGV[4], 'PX', ARGV[2])
redis.call('PUBLISH', ARGV[5], fence)
return {fence, redis.call('GET', KEYS[3]) or '0'}
`)

/**
 * Renews the lease. KEYS: fence, sequence, leader. ARGV: own fence, leader's name, lease in ms.
 * Gives OK and the sequence, or FENCED and the fence found.
 */
export const renewScript: ServerScript = writingScript(`
local fence = redis.call('GET', KEYS[1])
if fence ~= ARGV[1] then return {'FENCED', fence or ''} end
redis.call('SET', KEYS[3], ARGV[2], 'PX', ARGV[3])
return {'OK', redis.call('GET', KEYS[2]) or '0'}
`)

/**
 * Puts a writer's own token back after a flush, unless another one is there, whatever its number,
 * and begins a new epoch, so that watchers know that they have to look again. KEYS: fence, epoch,
 * sequence, leader. ARGV: own fence, new epoch, last own sequence, leader's name, lease in ms.
 */
export const restoreScript: ServerScript = writingScript(`
local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] then return {'FENCED', held} end
local sequence = math.max(tonumber(redis.call('GET', KEYS[3]) or '0'), tonumber(ARGV[3])) + 1
sequence = string.format('%.0f', sequence)
redis.call('SET', KEYS[1], ARGV[1])
redis.call('SET', KEYS[2], ARGV[2])
redis.call('SET', KEYS[3], sequence)
redis.call('SET', KEYS[4], ARGV[4], 'PX', ARGV[5])
return {'OK', sequence}
`)

/** Gives the leader key back when the fence is still one's own. KEYS: fence, leader. */
export const resignScript: ServerScript = writingScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[2]) end
return 0
`)

/** Speaks on a channel from the server that holds the fence. KEYS: fence. */
export const speakScript: ServerScript = writingScript(`
return redis.call('PUBLISH', ARGV[1], ARGV[2])
`)
