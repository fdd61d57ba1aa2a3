import type { ServerScript } from '../clients/valkey-client.ts'
import { writingScript } from './server-script.ts'

/**
 * One atomic unit: everything is checked before anything is written, because neither a script
 * nor MULTI takes back what it has done when a later command fails.
 *
 * KEYS: fence, sequence, then the keys that are written, the orders hash first.
 * ARGV: own fence, expected sequence, channel, tail of the change message, number of order ids
 * that must not be there yet, these ids, the type of each written key, then the commands, each
 * as: name, index of its key, number of arguments, arguments.
 *
 * Gives one of: OK and the new sequence; FENCED and the fence found; BEHIND and the sequence
 * found; KNOWN with ids and JSON of orders that are there already; WRONGTYPE, key, type found.
 */
export const applyScript: ServerScript = writingScript(`
local fence = redis.call('GET', KEYS[1])
if fence ~= ARGV[1] then return {'FENCED', fence or ''} end
local sequence = redis.call('GET', KEYS[2]) or '0'
if sequence ~= ARGV[2] then return {'BEHIND', sequence} end

local at = 5
local absent = tonumber(ARGV[at])
for i = 3, #KEYS do
  local found = redis.call('TYPE', KEYS[i])['ok']
  if found ~= 'none' and found ~= ARGV[at + absent + i - 2] then
    return {'WRONGTYPE', KEYS[i], found}
  end
end
if absent > 0 then
  local known = {'KNOWN'}
  local values = redis.call('HMGET', KEYS[3], unpack(ARGV, at + 1, at + absent))
  for i = 1, absent do
    if values[i] then
      known[#known + 1] = ARGV[at + i]
      known[#known + 1] = values[i]
    end
  end
  if #known > 1 then return known end
end

at = at + absent + #KEYS - 1
while at <= #ARGV do
  local last = at + 2 + tonumber(ARGV[at + 2])
  redis.call(ARGV[at], KEYS[tonumber(ARGV[at + 1])], unpack(ARGV, at + 3, last))
  at = last + 1
end
sequence = string.format('%.0f', redis.call('INCR', KEYS[2]))
redis.call('PUBLISH', ARGV[3], '{"sequence":' .. sequence .. ARGV[4])
return {'OK', sequence}
`)
