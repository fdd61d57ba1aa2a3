import { execFile, type ExecFileOptions } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { PairduckError } from '../../errors.ts'
import { makeFolder } from '../../sync-folder.ts'
import { backportsSource, hasBackports } from './apt-sources.ts'
import { withFileLock } from './file-lock.ts'

const execute = promisify(execFile)
/** What asks a package source may wait for one that never answers: ended, it fails by name. */
const longestMs = 5 * 60_000
const packages = ['valkey-server', 'valkey-sentinel', 'valkey-tools']
const programs = ['valkey-server', 'valkey-cli', 'valkey-check-rdb']

/**
 * Gives the path of a valkey-server under `cacheDir`, unpacking it on first use from the
 * distribution's packages (Debian, Ubuntu and their kin). Runs without root rights and with a
 * private apt state: the machine's configured mirror is read, nothing of the system is written.
 * Throws `VALKEY_NOT_FOUND` saying how to install a server where that can't work.
 */
export async function unpackDebianServer(
  cacheDir: string,
  onProgress: (line: string) => void,
): Promise<string> {
  const server = join(cacheDir, 'server', 'bin', 'valkey-server')
  if (existsSync(server)) return server
  const codename = await debianCodename()
  try {
    await makeFolder(cacheDir)
    await withFileLock(join(cacheDir, 'lock'), async () => {
      if (existsSync(server)) return
      onProgress(`unpacking valkey-server from this machine's package source into ${cacheDir}`)
      await unpack(cacheDir, codename)
    })
    return server
  } catch (error) {
    throw new PairduckError(
      'VALKEY_NOT_FOUND',
      `no valkey-server on this machine, and unpacking one failed (${reason(error)}): ${advice}`,
      { cause: error },
    )
  }
}

const advice =
  'install it (Debian, Ubuntu: apt install valkey-server; macOS: brew install valkey), or name a binary in VALKEY_SERVER, or a running server in VALKEY_URL'

function run(
  command: string,
  args: readonly string[],
  options: ExecFileOptions = {},
): Promise<{ stdout: string; stderr: string }> {
  return execute(command, args, { timeout: longestMs, ...options, encoding: 'utf8' })
}

async function debianCodename(): Promise<string> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '')
  const codename = /^VERSION_CODENAME=("?)(\w+)\1$/m.exec(release)?.[2]
  if (codename === undefined || !existsSync('/usr/bin/apt-get'))
    throw new PairduckError('VALKEY_NOT_FOUND', `no valkey-server on this machine: ${advice}`)
  return codename
}

/** Everything happens in a folder of its own that takes its final name last, whole or not at all. */
async function unpack(cacheDir: string, codename: string): Promise<void> {
  const work = await mkdtemp(join(cacheDir, 'unpack-'))
  try {
    const env = { ...process.env, LC_ALL: 'C', APT_CONFIG: await privateApt(work, codename) }
    const apt = (...args: string[]) => run('apt-get', args, { env, cwd: work, maxBuffer: 2 ** 26 })
    // One source that fails (a third party's, say) must not stop the others.
    const updated = await apt('update').catch((error: unknown) => error)
    const missing = await apt('install', '--simulate', '--no-install-recommends', ...packages)
      .then(({ stdout }) => [...stdout.matchAll(/^Inst (\S+)/gm)].map((match) => match[1]!))
      .catch((error: unknown) => {
        // A mirror that can't be reached is only a warning of the update before.
        const stderr = `${stderrOf(updated)}\n${stderrOf(error)}`
        throw Object.assign(new Error('apt-get found no packages', { cause: error }), { stderr })
      })
    await apt('download', ...missing)
    const root = join(work, 'root')
    for (const file of await readdir(work))
      if (file.endsWith('.deb')) await run('dpkg-deb', ['-x', join(work, file), root])
    await writeLaunchers(root)
    await run(join(root, 'bin', 'valkey-server'), ['--version'])
    await rm(join(cacheDir, 'server'), { recursive: true, force: true })
    await rename(root, join(cacheDir, 'server'))
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/**
 * The configuration of a private apt: the machine's own settings (mirror, proxy, keys) with its
 * own lists and cache, `<codename>-backports` of the same mirror added where the release itself
 * has no Valkey, and without the hooks and extra indexes that other programs put there.
 */
async function privateApt(work: string, codename: string): Promise<string> {
  const [parts, sources, lists, archives] = ['parts', 'sources', 'lists', 'archives'].map((name) =>
    join(work, name),
  ) as [string, string, string, string]
  for (const folder of [parts, sources, join(lists, 'partial'), join(archives, 'partial')])
    await makeFolder(folder)
  const { stdout } = await run('apt-config', ['dump'], { maxBuffer: 2 ** 26 })
  const settings = stdout
    .split('\n')
    .filter((line) => !/^(?:APT::Update|DPkg|Acquire::IndexTargets|Dir::Etc::parts)\b/i.test(line))
  const own = {
    'Dir::Etc::parts': parts,
    'Dir::Etc::main': join(work, 'none'),
    'Dir::Etc::sourcelist': join(work, 'none'),
    'Dir::Etc::sourceparts': sources,
    'Dir::State::lists': lists,
    'Dir::Cache': archives,
    'Dir::Cache::archives': archives,
    'Acquire::Languages': 'none',
    'APT::Sandbox::User': 'root',
  }
  for (const [name, value] of Object.entries(own)) settings.push(`${name} "${value}";`)
  await copySources(sources, codename)
  const file = join(work, 'apt.conf')
  await writeFile(file, `${settings.join('\n')}\n`)
  return file
}

async function copySources(target: string, codename: string): Promise<void> {
  const folder = '/etc/apt/sources.list.d'
  const named = await readdir(folder).catch(() => [])
  const files = ['/etc/apt/sources.list', ...named.map((name) => join(folder, name))]
  const sources = new Map<string, string>()
  for (const file of files.filter((name) => /\.(?:list|sources)$/.test(name)))
    sources.set(file, await readFile(file, 'utf8').catch(() => ''))
  const known = [...sources.values()].some((text) => hasBackports(text, codename))
  for (const [index, [file, text]] of [...sources].entries()) {
    const extension = file.slice(file.lastIndexOf('.'))
    await writeFile(join(target, `${index}${extension}`), text)
    const extra = known ? undefined : backportsSource(text, codename)
    if (extra !== undefined) await writeFile(join(target, `${index}-backports${extension}`), extra)
  }
}

/** `bin/<program>`: plain executables that find their own libraries, wherever the folder moves. */
async function writeLaunchers(root: string): Promise<void> {
  const libraries: string[] = []
  for (const base of ['usr/lib', 'lib'])
    for (const folder of await readdir(join(root, base)).catch(() => []))
      if (/-linux-/.test(folder)) libraries.push(`$root/${base}/${folder}`)
  await makeFolder(join(root, 'bin'))
  for (const program of programs) {
    const launcher = [
      '#!/bin/sh',
      'root=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)',
      `export LD_LIBRARY_PATH="${libraries.join(':')}\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"`,
      `exec "$root/usr/bin/${program}" "$@"`,
      '',
    ]
    await writeFile(join(root, 'bin', program), launcher.join('\n'))
    await chmod(join(root, 'bin', program), 0o755)
  }
}

function reason(error: unknown): string {
  const complaints = stderrOf(error)
    .split('\n')
    .filter((line) => /^(?:E:|W: Failed)/.test(line))
  if (complaints.length > 0) return [...new Set([complaints[0], complaints.at(-1)])].join('; ')
  return error instanceof Error ? error.message.split('\n')[0]! : String(error)
}

function stderrOf(result: unknown): string {
  return (result as { readonly stderr?: string }).stderr ?? ''
}
