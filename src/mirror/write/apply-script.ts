import type { ServerScript } from '../../valkey/valkey-client.ts'
import { writingScript } from '../../valkey/server-script.ts'

/**
 * One atomic unit: everything is checked before anything is written, because neither a script
 * nor MULTI takes back what it has done when a later command fails.
 *
 * KEYS: fence, sequence, when it was written, then the keys that are written, the orders first.
 * ARGV: where the commands begin, own fence, expected sequence, channel, tail of the change
 * message, then the lists that the commands take; where they begin: the type of each key from the
 * fourth on, the number of lists of fields that must not be there yet, each as index of its key,
 * first and last field, then the commands, each as name, index of its key, first and last argument.
 *
 * Gives one of: OK and the new sequence; FENCED and the fence found; BEHIND and the sequence
 * found; KNOWN with key, field and value of what is there already; WRONGTYPE, key, type found.
 */
export const applyScript: ServerScript = writingScript(`
local fence = redis.call('GET', KEYS[1])
if fence ~= ARGV[2] then return {'FENCED', fence or ''} end
local sequence = redis.call('GET', KEYS[2]) or '0'
if sequence ~= ARGV[3] then return {'BEHIND', sequence} end

local at = tonumber(ARGV[1])
for i = 4, #KEYS do
  local found = redis.call('TYPE', KEYS[i])['ok']
  if found ~= 'none' and found ~= ARGV[at + i - 4] then return {'WRONGTYPE', KEYS[i], found} end
end
at = at + #KEYS - 3
local commands = at + 1 + 3 * tonumber(ARGV[at])
local known = {'KNOWN'}
for i = at + 1, commands - 1, 3 do
  local key, first, last = KEYS[tonumber(ARGV[i])], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
  local values = redis.call('HMGET', key, unpack(ARGV, first, last))
  for field = first, last do
    local value = values[field - first + 1]
    if value then
      known[#known + 1] = key
      known[#known + 1] = ARGV[field]
      known[#known + 1] = value
    end
  end
end
if #known > 1 then return known end

for i = commands, #ARGV, 4 do
  redis.call(ARGV[i], KEYS[tonumber(ARGV[i + 1])], unpack(ARGV, ARGV[i + 2], ARGV[i + 3]))
end
sequence = string.format('%.0f', redis.call('INCR', KEYS[2]))
-- The server's clock is the one that writers and readers share.
local time = redis.call('TIME')
redis.call('SET', KEYS[3], time[1] .. string.format('%03d', math.floor(time[2] / 1000)))
redis.call('PUBLISH', ARGV[4], '{"sequence":' .. sequence .. ARGV[5])
return {'OK', sequence}
`)
