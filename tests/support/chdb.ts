import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
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
/** Written last: a copy that was cut short has none. */
const whole = join(folder, 'whole')
/** A registry that stalls is asked anew: npm would wait for it for a quarter of an hour, per package. */
const attemptSeconds = [90, 150, 200]

/** Installs chDB into the user's cache, once; says whether it is there. In CI it must be. */
async function installChdb(): Promise<boolean> {
  mkdirSync(folder, { recursive: true })
  await withFileLock(join(folder, 'lock'), async () => {
    const failures: string[] = []
    for (const seconds of attemptSeconds) {
      if (existsSync(whole)) return
      const failure = await installWithin(seconds)
      if (failure !== undefined) failures.push(failure)
    }
    if (existsSync(whole)) return
    const told = `chDB could not be installed: ${failures.join('; then ')}`
    if (process.env['CI'] === 'true') throw new Error(told)
    console.warn(`${told}. The tests of ClickHouse are skipped.`)
  })
  return existsSync(whole)
}

/** What failed, if something did. */
async function installWithin(seconds: number): Promise<string | undefined> {
  const flags = ['--no-audit', '--no-fund', '--no-save', '--prefer-offline', '--prefix', folder]
  const limits = { timeout: seconds * 1000, killSignal: 'SIGKILL' } as const
  try {
    rmSync(join(folder, 'node_modules'), { recursive: true, force: true })
    await promisify(execFile)('npm', ['install', ...flags, `chdb@${version}`], limits)
    writeFileSync(whole, '')
    return undefined
  } catch (error) {
    const { killed, stderr } = error as { killed?: boolean; stderr?: string }
    return killed === true
      ? `npm was not through after ${seconds} s`
      : (stderr?.trim().split('\n')[0] ?? String(error))
  }
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
