/** Bundles page/ into dist/page/: a script, a style, a document, and the licence of what is inside. Run by itself too, after `npm ci`. */
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { root } from './run.ts'

const source = join(root, 'page')
const target = join(root, 'dist', 'page')

/** Takes a fifth of a second. Each file is replaced whole, since servers may read it at that moment. */
export async function buildPage(): Promise<void> {
  mkdirSync(target, { recursive: true })
  const cache = join(root, 'node_modules', '.cache')
  mkdirSync(cache, { recursive: true })
  const draft = mkdtempSync(join(cache, 'pairduck-page-'))
  await writePage(draft)
  for (const name of readdirSync(draft)) renameSync(join(draft, name), join(target, name))
  rmdirSync(draft)
}

/** Nothing of it is loaded from elsewhere at run time. */
async function writePage(folder: string): Promise<void> {
  await build({
    entryPoints: [join(source, 'main.ts')],
    outfile: join(folder, 'page.js'),
    bundle: true,
    minify: true,
    format: 'iife',
    platform: 'browser',
    target: ['chrome109', 'firefox115', 'safari16'],
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'warning',
  })
  await build({
    entryPoints: [join(source, 'page.css')],
    outfile: join(folder, 'page.css'),
    minify: true,
    logLevel: 'warning',
  })
  for (const name of ['index.html', 'icon.svg'])
    copyFileSync(join(source, name), join(folder, name))
  const licence = readFileSync(join(root, 'node_modules', 'lightweight-charts', 'LICENSE'), 'utf8')
  writeFileSync(
    join(folder, 'NOTICE.txt'),
    `page.js contains TradingView Lightweight Charts™\nCopyright (c) TradingView, Inc. https://www.tradingview.com/\n\n${licence}`,
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildPage()
