import { createHash } from 'node:crypto'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { root } from '../../scripts/run.ts'

const cache = join(root, 'node_modules', '.cache', 'pairduck-programs')
const ready = new Map<string, Promise<string>>()

/**
 * A program of the tests in one JavaScript file, which a process of its own starts from. To start it
 * as TypeScript would take three times as much of the processor, and they are started by hundreds.
 */
export function childProgram(source: URL): Promise<string> {
  const file = fileURLToPath(source)
  const program = ready.get(file) ?? bundle(file)
  ready.set(file, program)
  return program
}

async function bundle(file: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [file],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // Packages stay outside, where a binary of theirs finds its files.
    packages: 'external',
    sourcemap: 'inline',
    logLevel: 'warning',
  })
  const { contents } = outputFiles[0]!
  const digest = createHash('sha256').update(contents).digest('hex').slice(0, 16)
  const target = join(cache, `${basename(file, '.ts')}-${digest}.mjs`)
  await mkdir(cache, { recursive: true })
  // Under another name first: test files that run at the same time bundle the same program.
  const draft = `${target}.${process.pid}`
  await writeFile(draft, contents)
  await rename(draft, target)
  return target
}
