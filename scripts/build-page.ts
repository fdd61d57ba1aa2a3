/** Bundles page/ into dist/page/: a script, a style, a document, and the licence of what is inside. Run by itself too, after `npm ci`. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { root } from './run.ts'

const source = join(root, 'page')
const target = join(root, 'dist', 'page')

/** Takes a fifth of a second; nothing of it is loaded from elsewhere at run time. */
export async function buildPage(): Promise<void> {
  mkdirSync(target, { recursive: true })
  await build({
    entryPoints: [join(source, 'main.ts')],
    outfile: join(target, 'page.js'),
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
    outfile: join(target, 'page.css'),
    minify: true,
    logLevel: 'warning',
  })
  for (const name of ['index.html', 'icon.svg'])
    copyFileSync(join(source, name), join(target, name))
  const licence = readFileSync(join(root, 'node_modules', 'lightweight-charts', 'LICENSE'), 'utf8')
  writeFileSync(
    join(target, 'NOTICE.txt'),
    `page.js contains TradingView Lightweight Charts™\nCopyright (c) TradingView, Inc. https://www.tradingview.com/\n\n${licence}`,
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildPage()
