import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

/** Of package.json's `exports`: where each kind of import is led. */
export type Exports = Readonly<Record<string, string | EntryPoint>>

interface EntryPoint {
  readonly import: string
  readonly require: string
}

/**
 * Writes what `require('pairduck')` finds: for each entry point a file that requires the ES module,
 * as Node does from 20.19 on, and beside it the same declarations once more. A compiler that reads
 * the importing file as CommonJS (`module` commonjs, node10, node16) refuses those of an ES module.
 */
export function writeCommonJs(root: string, exports: Exports): void {
  const entries = Object.values(exports).filter((entry) => typeof entry !== 'string')
  const written = new Set<string>()
  for (const entry of entries) {
    const folder = commonJsFolder(entry)
    const file = join(root, entry.require)
    mkdirSync(dirname(file), { recursive: true })
    const target = relative(dirname(file), join(root, entry.import)).replaceAll('\\', '/')
    writeFileSync(file, `'use strict'\nmodule.exports = require('${target}')\n`)
    writeFileSync(join(root, folder, 'package.json'), '{ "type": "commonjs" }\n')
    copyDeclarations(entry.import.replace(/\.js$/, '.d.ts'), { root, folder, written })
  }
}

/** `./dist/cjs` of `./dist/cjs/queries/index.js`, whose module is `./dist/queries/index.js`. */
function commonJsFolder({ import: module, require }: EntryPoint): string {
  const inside = relative('dist', module)
  if (!require.endsWith(`/${inside}`)) throw new Error(`${require} is not laid out as ${module} is`)
  return require.slice(0, -inside.length - 1)
}

interface Copy {
  readonly root: string
  readonly folder: string
  readonly written: Set<string>
}

/** A declaration file and all that it imports; the specifiers stay right, since the layout does. */
function copyDeclarations(file: string, copy: Copy): void {
  if (copy.written.has(file)) return
  copy.written.add(file)
  const text = readFileSync(join(copy.root, file), 'utf8')
  const target = join(copy.root, copy.folder, relative('dist', file))
  mkdirSync(dirname(target), { recursive: true })
  writeFileSync(target, text.replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n'))
  for (const [, specifier] of text.matchAll(/(?:from|import)\s*\(?\s*["'](\.[^"']+)\.[jt]s["']/g))
    copyDeclarations(join(dirname(file), `${specifier}.d.ts`), copy)
}
