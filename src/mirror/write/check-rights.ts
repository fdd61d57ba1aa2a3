import { PairduckError } from '../../errors.ts'
import { writingScript } from '../../valkey/server-script.ts'
import type { ServerScript, ValkeyClient } from '../../valkey/valkey-client.ts'
import type { MirrorKeys } from '../stored/keys.ts'

/**
 * Tries every command that a writing script calls, each in a form that changes nothing: of a key
 * that is not there, or of one of the wrong type, which is gone at the end. What is said on the
 * channels is passed over there. KEYS: a key of no other use. ARGV: channels of writers and changes.
 * Gives the words of an ACL that are missing.
 */
const rightsScript: ServerScript = writingScript(`
local missing = {}
local function try(right, ...)
  local reply = redis.pcall(...)
  local said = type(reply) == 'table' and reply['err'] or ''
  if string.find(said, 'ACL failure') or string.find(said, 'NOPERM') or string.find(said, 'permission')
  then missing[#missing + 1] = right end
end
local key = KEYS[1]
try('+del', 'del', key)
local mayTidy = #missing == 0
for _, name in ipairs({'get', 'type'}) do try('+' .. name, name, key) end
for _, name in ipairs({'hdel', 'hmget', 'srem', 'zrem'}) do try('+' .. name, name, key, 'none') end
try('+time', 'time')
try('+zadd', 'zadd', key, 'XX', '1', 'none')
try('+hset', 'hset', key, 'none', 'none', 'odd')
try('+set', 'set', key, '', 'XX')
if mayTidy then
  redis.pcall('set', key, '')
  try('+sadd', 'sadd', key, 'none')
  try('+incr', 'incr', key)
  redis.call('del', key)
end
for _, channel in ipairs(ARGV) do
  local before = #missing
  try('+publish', 'publish', channel, 'heard:')
  if #missing > before then missing[#missing] = '+publish &' .. channel end
end
return missing
`)

/**
 * Refuses a user that would be refused in the middle of a script: `VALKEY_AUTH` names the rights to
 * give. A script takes nothing back, so half of what belongs together would be written.
 */
export async function checkRights(client: ValkeyClient, keys: MirrorKeys): Promise<void> {
  const channels = [keys.writers, keys.changes]
  const missing = (await client.script(rightsScript, [keys.probe], channels)) as string[]
  if (missing.length === 0) return
  const permission = [...new Set(missing)].join(' ')
  throw new PairduckError(
    'VALKEY_AUTH',
    `a mirror needs more rights than this user has: nothing was written – give the user ${permission}`,
    { permission },
  )
}
