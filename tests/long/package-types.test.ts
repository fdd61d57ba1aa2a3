import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { root } from '../../scripts/run.ts'

// Four compilers look at each entry point; the packed package's own tests compile as three of them.
it('the packed package has types that every kind of project finds', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pairduck-types-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await run('npm', ['pack', '--pack-destination', folder])
  const [tarball] = await readdir(folder)
  // Fetched when it is wanted: it brings a compiler of its own, which every install would copy.
  const attw = ['exec', '--yes', '--package=@arethetypeswrong/cli@0.18.5', '--', 'attw']
  const { stdout } = await run('npm', [...attw, join(folder, tarball!), '--format', 'json'])
  const { analysis } = JSON.parse(stdout) as TypesAnalysis
  expect(analysis.types).toMatchObject({ kind: 'included' })
  expect(Object.keys(analysis.entrypoints)).toEqual(Object.keys(manifest.exports))
  expect(analysis.problems).toEqual([])
})

/** The part of attw's JSON that is read. */
interface TypesAnalysis {
  readonly analysis: {
    readonly types: unknown
    readonly entrypoints: Readonly<Record<string, unknown>>
    readonly problems: readonly Readonly<Record<string, unknown>>[]
  }
}

function run(command: string, args: readonly string[]): Promise<{ stdout: string }> {
  return promisify(execFile)(command, [...args], { cwd: root, maxBuffer: 2 ** 24 })
}
