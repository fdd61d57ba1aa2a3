import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const source = fileURLToPath(new URL('disk-shim.c', import.meta.url))

let built: string | undefined

/** Why the disk between a program and the system cannot be built here; undefined where it can. */
export const noShimReason: string | undefined =
  process.platform !== 'linux'
    ? 'needs Linux'
    : hasCompiler() || installed()
      ? undefined
      : 'needs gcc, and root to install it'

// On CI it is never left out.
if (noShimReason !== undefined && process.env['CI'] === 'true')
  throw new Error(`failing disks cannot be tested: ${noShimReason}`)

/** The library to preload, built once per process. */
export function shimLibrary(): string {
  if (built === undefined) {
    built = join(mkdtempSync(join(tmpdir(), 'pairduck-shim-')), 'disk-shim.so')
    execFileSync('gcc', ['-shared', '-fPIC', '-O1', '-o', built, source, '-ldl', '-lpthread'])
  }
  return built
}

/** What a process needs in its environment for its files below `watch` to be recorded into `log`. */
export function shimEnvironment(watch: string, log?: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    LD_PRELOAD: shimLibrary(),
    DISK_WATCH: watch,
    UV_USE_IO_URING: '0',
    ...(log === undefined ? {} : { DISK_LOG: log }),
  }
}

function hasCompiler(): boolean {
  return spawnSync('gcc', ['--version']).status === 0
}

function installed(): boolean {
  if (process.getuid?.() !== 0) return false
  spawnSync('apt-get', ['update'], { stdio: 'ignore' })
  const packages = ['install', '-y', '--no-install-recommends', 'gcc', 'libc6-dev']
  spawnSync('apt-get', packages, { stdio: 'ignore' })
  return hasCompiler()
}
