import { execFile } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createClient, type ClickHouseClient } from '@clickhouse/client'
import { withFileLock } from '../../src/valkey/local/file-lock.ts'

/** A ClickHouse inside the process, of half a gigabyte: too much for everybody's node_modules. */
const version = '3.4.0'
const folder = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'pairduck',
  `chdb-${version}`,
)
const isThere = (): boolean => existsSync(join(folder, 'node_modules', 'chdb', 'package.json'))

/** Installs chDB into the user's cache, once; says whether it is there. In CI it must be. */
async function installChdb(): Promise<boolean> {
  mkdirSync(folder, { recursive: true })
  await withFileLock(join(folder, 'lock'), async () => {
    if (isThere()) return
    const flags = ['--no-audit', '--no-fund', '--no-save', '--prefer-offline', '--prefix', folder]
    await promisify(execFile)('npm', ['install', ...flags, `chdb@${version}`]).catch(
      (error: unknown) => {
        if (process.env['CI'] === 'true') throw error
        console.warn(
          `chDB could not be installed: the tests of ClickHouse are skipped (${String(error)})`,
        )
      },
    )
  })
  return isThere()
}

export const chdbIsHere: boolean = await installChdb()

/** A client of a ClickHouse of this process, in memory; the process has one engine, so one client. */
export function chdbClient(): ClickHouseClient {
  const file = join(folder, 'node_modules', 'chdb', 'dist', 'connection', 'index.js')
  const { createChdbConnection } = createRequire(file)(file) as {
    createChdbConnection: () => unknown
  }
  const options = { connection: createChdbConnection() }
  return createClient(options as unknown as Parameters<typeof createClient>[0])
}
