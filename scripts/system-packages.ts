import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { run } from './run.ts'

/** Programs that some tests need, and the Debian packages that hold them. */
const packagesOf: Readonly<Record<string, readonly string[]>> = {
  gcc: ['gcc', 'libc6-dev'],
  chromium: ['chromium'],
  'nats-server': ['nats-server'],
}

/**
 * Installs the programs that are missing, from the machine's own package sources, where this
 * process may do that (root, with apt-get). Elsewhere, or when it fails, it says what is missing;
 * the tests that need it are then skipped by name, or fail with CI=true.
 */
export async function installSystemPackages(): Promise<void> {
  const missing = Object.keys(packagesOf).filter((program) => !isInstalled(program))
  if (missing.length === 0) return
  const packages = missing.flatMap((program) => packagesOf[program] ?? [])
  if (process.getuid?.() === 0 && isInstalled('apt-get')) await install(packages)
  const absent = missing.filter((program) => !isInstalled(program))
  if (absent.length > 0)
    console.log(
      `not installed: ${absent.join(', ')}; on Debian: apt-get install ${packages.join(' ')}`,
    )
}

/** Whether a program is on the PATH, or where Debian puts servers. */
export function isInstalled(program: string): boolean {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin']
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

async function install(packages: readonly string[]): Promise<void> {
  const environment = { DEBIAN_FRONTEND: 'noninteractive' }
  const deadlineMs = 5 * 60_000
  let output = ''
  const quietly = { environment, deadlineMs, onOutput: (text: string) => (output += text) }
  const args = ['install', '-y', '--no-install-recommends', ...packages]
  // The package lists of a fresh machine may be empty or old.
  const installed =
    (await run('apt-get', args, quietly)) === 0 ||
    ((await run('apt-get', ['update'], quietly)) === 0 &&
      (await run('apt-get', args, quietly)) === 0)
  if (!installed) console.log(output)
}
