import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { root } from '../../scripts/run.ts'

/** The repository's text files: path from the root, with forward slashes → text. */
export type SourceTree = ReadonlyMap<string, string>

const generated = new Set(['.git', '.cache', 'coverage', 'dist', 'node_modules'])
const generatedPaths = new Set(['bench/results', 'data'])
const textFile =
  /\.(?:ts|js|mjs|cjs|json|md|yml|yaml|txt|svg|sh|csv)$|(?:^|\/)(?:run|LICENSE|\.[a-z]+(?:ignore|attributes|rc))$/

/** Reads every text file of the checkout but what git ignores. */
export function readSourceTree(): SourceTree {
  const tree = new Map<string, string>()
  const visit = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = posix.join(folder, entry.name)
      if (entry.isDirectory()) {
        if (!generated.has(entry.name) && !generatedPaths.has(path)) visit(path)
      } else if (textFile.test(path)) {
        tree.set(path, readFileSync(join(root, path), 'utf8'))
      }
    }
  }
  visit('')
  return tree
}

export interface Import {
  readonly specifier: string
  /** Gone at run time: `import type`, `export type`. */
  readonly typeOnly: boolean
}

/** What a module imports or re-exports. */
export function importsOf(text: string): Import[] {
  const statements =
    /^[ \t]*(?:import|export)(\s+type)?\b[^'";]*?\bfrom\s*['"]([^'"]+)['"]|^[ \t]*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm
  return [...text.matchAll(statements)].map(([, type, from, bare, dynamic]) => ({
    specifier: (from ?? bare ?? dynamic)!,
    typeOnly: type !== undefined,
  }))
}

/** The path that a relative specifier names, from the root; undefined for a package. */
export function resolveImport(importer: string, specifier: string): string | undefined {
  return specifier.startsWith('.') ? posix.join(posix.dirname(importer), specifier) : undefined
}
