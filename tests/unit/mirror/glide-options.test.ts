import { describe, expect, it } from 'vitest'
import { connectValkey } from '../../../src/valkey/connect.ts'

describe('adapter glide', () => {
  it.each(['cert', 'key', 'servername'])(
    'refuses tls.%s, which it would pass over',
    async (name) => {
      const options = { adapter: 'glide', tls: { [name]: 'x' }, connectTimeoutMs: 1 } as const
      await expect(connectValkey(options)).rejects.toThrow(
        new TypeError(`adapter \`glide\` takes no \`tls.${name}\`: use \`redis\``),
      )
    },
  )
})
