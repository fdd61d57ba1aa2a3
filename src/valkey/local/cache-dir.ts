import { homedir } from 'node:os'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Where unpacked servers are kept: `.cache/valkey` in a checkout of pairduck (git ignores it),
 * else the user's cache folder, because an installed package's own folder may be read-only.
 */
export function defaultCacheDir(env: NodeJS.ProcessEnv = process.env): string {
  const root = fileURLToPath(new URL('../../../', import.meta.url))
  if (!root.split(sep).includes('node_modules')) return join(root, '.cache', 'valkey')
  const cacheHome = env['XDG_CACHE_HOME']
  return join(
    cacheHome?.startsWith(sep) ? cacheHome : join(homedir(), '.cache'),
    'pairduck',
    'valkey',
  )
}
