import { existsSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import { root } from '../../scripts/run.ts'

const cache = join(root, 'node_modules', '.cache', 'pairduck-programs')
const ready = new Map<string, Promise<string>>()

/** Packages of many small files and no binary: read one by one they cost a third of a start. */
const inside =
  /^(?:@duckdb\/node-api|date-fns|p-queue|lru-cache|lossless-json|fastest-levenshtein)(?:\/|$)/

/** Other packages stay outside, where a binary of theirs finds its files. */
const packagesOutside: Plugin = {
  name: 'packages-outside',
  setup: (built) =>
    built.onResolve({ filter: /^[^./]/ }, ({ path, kind, importer }) =>
      kind === 'entry-point' || inside.test(path) || /node_modules\/(?!@duckdb)/.test(importer)
        ? undefined
        : { path, external: true },
    ),
}

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
    outdir: cache,
    outExtension: { '.js': '.mjs' },
    entryNames: '[name]-[hash]',
    // What is loaded on its first use stays in files of its own, with the packages that it needs.
    splitting: true,
    chunkNames: 'part-[hash]',
    plugins: [packagesOutside],
    // For packages inside that ask for one outside.
    banner: {
      js: `import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);`,
    },
    sourcemap: 'linked',
    logLevel: 'warning',
  })
  await mkdir(cache, { recursive: true })
  await Promise.all(outputFiles.map(({ path, contents }) => write(path, contents)))
  const name = `${basename(file, '.ts')}-`
  return outputFiles.find(({ path }) => basename(path).startsWith(name) && path.endsWith('.mjs'))!
    .path
}

/** Under another name first: test files that run at the same time bundle the same program. */
async function write(path: string, contents: Uint8Array): Promise<void> {
  if (existsSync(path)) return
  const draft = `${path}.${process.pid}`
  await writeFile(draft, contents)
  await rename(draft, path)
}
