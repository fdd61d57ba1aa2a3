import { execFile } from 'node:child_process'
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { createRequire } from 'node:module'
import { dirname, join, posix } from 'node:path'
import { publint } from 'publint'
import { afterAll, beforeAll, expect, it } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { root } from '../../scripts/run.ts'
import { importsOf } from './source-tree.ts'
import { machineTraces } from './style-rules.ts'

/** Lays a packed tarball into an empty project. */
type Install = (project: string, tarball: string) => Promise<unknown>

/** As users do; npm may have to fetch every dependency first. */
export const installWithNpm: Install = (project, tarball) =>
  run('npm', ['install', tarball, '--prefer-offline', '--no-audit', '--no-fund'], { cwd: project })

/**
 * Unpacked beside links to just those packages that it says it depends on: what it imports without
 * saying so is not found. Takes a tenth of the processor that npm takes to copy them.
 */
export const installByLinks: Install = async (project, tarball) => {
  const modules = join(project, 'node_modules')
  const folder = join(modules, manifest.name)
  await mkdir(folder, { recursive: true })
  await run('tar', ['-xzf', tarball, '--strip-components=1', '-C', folder])
  for (const name of Object.keys(manifest.dependencies)) {
    await mkdir(dirname(join(modules, name)), { recursive: true })
    await symlink(join(root, 'node_modules', name), join(modules, name))
  }
  await mkdir(join(modules, '.bin'))
  await symlink(join(folder, manifest.bin.pairduck), join(modules, '.bin', 'pairduck'))
}

/** The tests of what a user gets, within a `describe`; `olderCompiler` compiles a project of its kind too, for two seconds. */
export function testPackedPackage(install: Install, { olderCompiler = false } = {}): void {
  let project = ''
  let tarball = ''
  /** Every file of the installed package, by its path in it. */
  let files: ReadonlyMap<string, string> = new Map()

  beforeAll(async () => {
    project = await realpath(await mkdtemp(join(tmpdir(), 'pairduck-package-')))
    // Packing builds, as publishing does.
    await run('npm', ['pack', '--pack-destination', project], { cwd: root })
    tarball = join(
      project,
      (await readdir(project)).find((name) => name.endsWith('.tgz'))!,
    )
    await writeFile(join(project, 'package.json'), '{ "private": true }')
    await install(project, tarball)
    files = await readFolder(join(project, 'node_modules', 'pairduck'))
  }, 300_000)
  afterAll(() => rm(project, { recursive: true, force: true }))

  it('holds what runs and what is read, and nothing else', () => {
    const stray = [...files.keys()].filter(
      (file) =>
        !/^dist\/.*(?:\.js|\.d\.ts|\.d\.ts\.map)$|^dist\/page\/(?:index\.html|page\.css|icon\.svg|NOTICE\.txt)$|^src\/.*\.ts$|^docs\/.*\.(?:md|svg|png|webp|json)$/.test(
          file,
        ) &&
        !['dist/cjs/package.json', 'package.json', 'README.md', 'LICENSE', 'CHANGELOG.md'].includes(
          file,
        ),
    )
    expect(stray).toEqual([])
    expect([...files.keys()]).toEqual(
      expect.arrayContaining(['README.md', 'LICENSE', 'CHANGELOG.md', 'docs/errors.md']),
    )
    expect(machineTraces(files)).toEqual([])
  })

  it('holds the built page, which loads nothing from elsewhere and stays light', async () => {
    const page = ['index.html', 'page.js', 'page.css', 'icon.svg', 'NOTICE.txt'].map((name) =>
      files.get(`dist/page/${name}`),
    )
    expect(page).not.toContain(undefined)
    const bytes = page.reduce((sum, text) => sum + Buffer.byteLength(text!), 0)
    expect(bytes).toBeLessThan(300_000)
    // What the document names is beside it.
    expect([...page[0]!.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, name]) => name)).toEqual([
      'icon.svg',
      'page.css',
      'page.js',
    ])
  })

  it('depends on every package that it imports', () => {
    const packages = [...files]
      .filter(([file]) => /\.(?:js|d\.ts)$/.test(file))
      .flatMap(([, text]) => importsOf(text).map(({ specifier }) => specifier))
      .filter((specifier) => !/^(?:\.|node:)/.test(specifier))
      .map((specifier) => /^(?:@[^/]+\/)?[^/]+/.exec(specifier)![0])
    const { dependencies, peerDependencies } = manifest
    expect(packages.length).toBeGreaterThan(0)
    expect(Object.keys({ ...dependencies, ...peerDependencies })).toEqual(
      expect.arrayContaining([...new Set(packages)]),
    )
  })

  it('says in its package.json what a registry shows', () => {
    expect(manifest).toMatchObject({
      name: 'pairduck',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      description: expect.stringMatching(/.{40}/),
      license: 'MIT',
      type: 'module',
      engines: { node: '>=20.19' },
      keywords: expect.arrayContaining(['duckdb', 'trading']),
    })
    expect(Object.keys(manifest.exports)).toEqual([
      '.',
      './queries',
      './mirror',
      './cluster',
      './archive',
      './clickhouse',
      './ccxt',
      './client',
      './serve',
      './record',
      './package.json',
    ])
    expect(files.get('CHANGELOG.md')).toContain(manifest.version)
  })

  it('passes publint without a message', async () => {
    const { buffer } = new Uint8Array(await readFile(tarball))
    const { messages } = await publint({ pack: { tarball: buffer }, strict: true })
    expect(messages).toEqual([])
  })

  it('leads from each declaration to its source', () => {
    const maps = [...files].filter(([file]) => /^dist\/(?!cjs\/).*\.d\.ts$/.test(file))
    expect(maps.length).toBeGreaterThan(100)
    for (const [file, text] of maps) {
      const { sources } = JSON.parse(files.get(`${file}.map`)!) as { sources: string[] }
      expect(text).toContain(`sourceMappingURL=${posix.basename(file)}.map`)
      expect(files.has(posix.join(posix.dirname(file), sources[0]!))).toBe(true)
    }
  })

  it('runs as a command', async () => {
    const pairduck = join(project, 'node_modules', '.bin', 'pairduck')
    expect((await run(pairduck, ['--version'], { cwd: project })).stdout).toBe(
      `${manifest.version}\n`,
    )
    const { stdout } = await run(pairduck, ['--help'], { cwd: project })
    for (const command of ['demo', 'import', 'cleanup', 'candles', 'cvd'])
      expect(stdout).toMatch(new RegExp(`^  ${command}\\b`, 'm'))
  })

  it.each([
    ['import', 'use.mjs', useImport],
    ['require', 'use.cjs', `const { DatabaseManager, calculateCvdQuery } = require('pairduck')`],
  ])('stores and answers through %s', async (_how, file, head) => {
    await writeFile(join(project, file), `${head}\n${storeAndAnswer}`)
    const { stdout } = await run(process.execPath, [file, `data-${file}`], { cwd: project })
    // 10 bought and 4 sold: a cumulative volume delta of 6.
    expect(JSON.parse(stdout)).toMatchObject({ counts: { inserted: 2, duplicates: 0 }, cvd: 6 })
  })

  it('runs the example that the README begins with', async () => {
    await writeFile(join(project, 'readme.mjs'), readmeExample(files))
    const { stdout } = await run(process.execPath, ['readme.mjs'], { cwd: project })
    expect(stdout).toMatch(/inserted: 1,[^]*volume: 0\.02/)
  })

  it('says which package a picture needs', async () => {
    const pairduck = join(project, 'node_modules', '.bin', 'pairduck')
    await writeFile(join(project, 'stored.mjs'), `${useImport}\n${storeAndAnswer}`)
    await run(process.execPath, ['stored.mjs', 'data-drawn'], { cwd: project })
    const at = ['--data-dir', 'data-drawn', '--svg', 'candles.svg']
    const drawn = run(pairduck, ['candles', 'binance/spot/BTCUSDT', ...at], { cwd: project })
    await expect(drawn).rejects.toThrow(
      'PACKAGE_MISSING: --svg needs the package echarts: npm install echarts',
    )
  })

  it('lends each of its parts to import and require', async () => {
    const parts = Object.keys(manifest.exports).map((path) => path.replace('.', 'pairduck'))
    const script = `
      const { createRequire } = await import('node:module')
      const require = createRequire(import.meta.url)
      const named = {}
      for (const part of ${JSON.stringify(parts)}) {
        const json = part.endsWith('.json') ? { with: { type: 'json' } } : {}
        const imported = await import(part, json)
        const keys = Object.keys(imported.default ?? imported).filter((key) => key !== 'default')
        named[part] = keys.length > 0 && keys.every((key) => key in require(part))
      }
      console.log(JSON.stringify(named))`
    await writeFile(join(project, 'lend.mjs'), script)
    const { stdout } = await run(process.execPath, ['lend.mjs'], { cwd: project })
    expect(JSON.parse(stdout)).toEqual(Object.fromEntries(parts.map((part) => [part, true])))
  })

  it('keeps everything else of it to itself', async () => {
    const script = `await import('pairduck/dist/index.js').catch((error) => console.log(error.code))`
    await writeFile(join(project, 'inside.mjs'), script)
    const { stdout } = await run(process.execPath, ['inside.mjs'], { cwd: project })
    expect(stdout.trim()).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED')
  })

  // What `tsc --init` writes holds `types: []`: Node's types come through pairduck's own.
  it.each([
    ['use.ts', { skipLibCheck: false }],
    ['readme.ts', { skipLibCheck: true }],
  ])('compiles %s in a strict project that names no types', async (file, { skipLibCheck }) => {
    const text = file === 'use.ts' ? typedUse : readmeExample(files)
    const folder = await typedProject(file, text, {
      ...strictly,
      module: 'nodenext',
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      verbatimModuleSyntax: true,
      skipLibCheck,
    })
    expect((await run(bin('tsc'), ['-p', '.'], { cwd: folder })).stdout).toBe('')
  })

  // As CommonJS, which most bots are; node10 by the older compiler, since the newer one knows it no more.
  it.each<[string, 'newer' | 'older', object]>([
    ['module commonjs', 'newer', { module: 'commonjs' }],
    ['module node16', 'newer', { module: 'node16' }],
    ...(olderCompiler ? [node10] : []),
  ])('compiles as CommonJS with %s, %s compiler', async (what, age, options) => {
    const folder = await typedProject(`commonjs-${age}-${what}`, typedUse, {
      ...strictly,
      ...options,
      skipLibCheck: true,
    })
    await writeFile(join(folder, 'package.json'), '{ "type": "commonjs" }')
    const tsc = age === 'newer' ? join(root, 'node_modules/typescript/bin/tsc') : compilerBefore()
    const { stdout } = await run(process.execPath, [tsc, '-p', '.'], { cwd: folder })
    expect(stdout).toBe('')
  })

  async function typedProject(name: string, text: string, options: object): Promise<string> {
    const folder = join(project, name.replaceAll(/[^a-z0-9]/g, '-'))
    await mkdir(folder)
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
    await writeFile(join(folder, 'use.ts'), text)
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options }))
    return folder
  }
}

const node10: [string, 'older', object] = [
  'moduleResolution node10',
  'older',
  { module: 'commonjs', moduleResolution: 'node10', ignoreDeprecations: '6.0' },
]

const strictly = {
  target: 'es2022',
  lib: ['es2023', 'esnext.disposable'],
  types: [],
  strict: true,
  noEmit: true,
}

/** The one that the maker of the API report brings along, of the major version before ours. */
function compilerBefore(): string {
  const extractor = createRequire(import.meta.url).resolve('@microsoft/api-extractor/package.json')
  return createRequire(extractor).resolve('typescript/lib/tsc.js')
}

function readmeExample(files: ReadonlyMap<string, string>): string {
  return /^```ts\n([^]*?)^```$/m.exec(files.get('README.md')!)![1]!
}

const useImport = `import { DatabaseManager, calculateCvdQuery } from 'pairduck'`

const storeAndAnswer = `
async function main() {
  const db = await DatabaseManager.open({ dataDir: process.argv[2] })
  try {
    const timestamp = Date.now() - 1000
    const counts = await db.insertTicks('binance/spot/BTCUSDT', [
      { timestamp, price: 50_000, volume: 10, side: 'BUY', tradeId: '1' },
      { timestamp, price: 50_001, volume: 4, side: 'SELL', tradeId: '2' },
    ])
    const [row] = await db.query('binance/spot/BTCUSDT', calculateCvdQuery({ lookbackMinutes: 15 }))
    console.log(JSON.stringify({ counts, cvd: row.cvd }))
  } finally {
    await db.close()
  }
}
main()
`

const typedUse = `
import { DatabaseManager, PairduckError, calculateCvdQuery, getCandlesQuery, type Pair } from 'pairduck'
import { calculateMarketProfileQuery } from 'pairduck/queries'
import { ValkeyMirror } from 'pairduck/mirror'

const pair: Pair = { exchange: 'binance', market: 'spot', symbol: 'BTCUSDT' }

export async function use(): Promise<number | undefined> {
  const db = await DatabaseManager.open({ dataDir: 'data', maxConnections: 20 })
  try {
    const counts = await db.insertTicks(pair, [
      { timestamp: Date.now(), price: 1, volume: 2, side: 'BUY', tradeId: 'a' },
    ])
    const inserted: number = counts.inserted
    const [cvd] = await db.query(pair, calculateCvdQuery({ lookbackMinutes: 15 }))
    const [profile] = await db.query(pair, calculateMarketProfileQuery({ binSize: 10 }))
    return inserted > 0 && profile !== undefined ? cvd?.cvd : undefined
  } catch (error) {
    if (PairduckError.is(error, 'PAIR_LOCKED')) return undefined
    throw error
  } finally {
    await db.close()
  }
}

export async function mirror(): Promise<void> {
  const open = await ValkeyMirror.open({ url: 'valkey://127.0.0.1:6379' })
  await open.close()
  // @ts-expect-error a misspelt option is refused by the compiler too
  const db = await DatabaseManager.open({ maxConection: 1 })
  db.on('error', ({ pair, error }) => console.error(pair, error))
  // @ts-expect-error and so is a misspelt event
  db.on('eror', () => undefined)
  const columns = await db.queryColumns(pair, getCandlesQuery({ timeframe: '1m' }))
  const closes: Float64Array = columns.close
  console.log(closes.length)
}
`

interface Output {
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command, with npm's own variables of an outer \`npm test\` taken away. */
function run(
  command: string,
  args: readonly string[],
  { cwd = root }: { readonly cwd?: string } = {},
): Promise<Output> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.toLowerCase().startsWith('npm_')),
  )
  return new Promise((resolve, reject) => {
    execFile(command, args, { cwd, env, maxBuffer: 2 ** 24 }, (error, stdout, stderr) => {
      if (error === null) resolve({ stdout, stderr })
      else reject(new Error(`${command} ${args.join(' ')}\n${stdout}\n${stderr}`, { cause: error }))
    })
  })
}

function bin(name: string): string {
  return join(root, 'node_modules', '.bin', name)
}

async function readFolder(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  const texts = await Promise.all(paths.map((path) => readFile(path, 'utf8')))
  return new Map(
    paths.map((path, at) => [path.slice(folder.length + 1).replaceAll('\\', '/'), texts[at]!]),
  )
}
