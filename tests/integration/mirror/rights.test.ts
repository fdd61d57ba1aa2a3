import { describe, expect, it } from 'vitest'
import { connectValkey } from '../../../src/valkey/connect.ts'
import { ValkeyMirror } from '../../../src/mirror/valkey-mirror.ts'
import { mirrorAcl } from '../../support/mirror-acl.ts'
import { openOrder } from '../../support/sample-orders.ts'
import { startValkey } from '../../support/valkey.ts'

/** What a unit, a take-over or a farewell calls inside a script. */
const commands = ['get', 'set', 'del', 'incr', 'type', 'hset', 'hdel', 'hmget', 'sadd', 'srem']
const rights = [...commands, 'zadd', 'zrem', 'publish', 'time'].map((name) => `+${name}`)

describe('a user without a right that a script needs', () => {
  it('is refused by its name before anything is written, with both clients', async () => {
    const [off, user] = mirrorAcl('secret')
    const admin = 'user admin on >secret ~* &* +@all'
    await using server = await startValkey({ acl: [off!, user!, admin] })
    const at = (name: string): string => `valkey://${name}:secret@127.0.0.1:${server.port}`
    const owner = await connectValkey({ url: at('admin') })
    const send = (...words: string[]): Promise<unknown> => owner.command(words)
    const mirrored = async (): Promise<unknown> => [
      await send('DBSIZE'),
      await send('PUBSUB', 'CHANNELS'),
    ]
    for (const adapter of ['redis', 'glide'] as const)
      for (const right of rights) {
        await send('ACL', 'SETUSER', 'mirror', right.replace('+', '-'))
        await expect(ValkeyMirror.open({ url: at('mirror'), adapter })).rejects.toMatchObject({
          code: 'VALKEY_AUTH',
          message: expect.stringContaining(right),
          details: { permission: expect.stringContaining(right) },
        })
        expect([right, await mirrored()]).toEqual([right, [0, []]])
        await send('ACL', 'SETUSER', 'mirror', right)
      }
    await send('ACL', 'SETUSER', 'mirror', '-zadd', '-hset', 'resetchannels', '&mirror:writers')
    await expect(ValkeyMirror.open({ url: at('mirror') })).rejects.toMatchObject({
      details: { permission: '+zadd +hset +publish &mirror:changes' },
    })
    await send('ACL', 'SETUSER', 'mirror', '+zadd', '+hset', '&mirror:changes')
    await using mirror = await ValkeyMirror.open({ url: at('mirror') })
    await mirror.applyOrder(openOrder('1'))
    expect(await send('EXISTS', 'mirror:probe')).toBe(0)
    await owner.close()
  })
})
