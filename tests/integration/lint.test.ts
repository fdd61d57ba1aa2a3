import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { root } from '../../scripts/run.ts'

// Each rule of the house that the linter keeps is planted once: a rule that was switched off, or
// whose glob no longer fits, is found here and not in review.
const lines = (count: number): string =>
  Array.from({ length: count }, (_, i) => `// ${i}`).join('\n')
const statements = (count: number): string =>
  Array.from({ length: count }, (_, i) => `  console.log(${i})`).join('\n')

// Taken apart, so that a search for them in this repository finds nothing.
const undone = ['TO', 'DO'].join('')
const ignored = ['@ts', 'ignore'].join('-')

const planted: readonly (readonly [rule: string, file: string, text: string])[] = [
  ['max-lines', 'src/storage/long-file.ts', `${lines(301)}\nexport const last = 1\n`],
  [
    'max-lines-per-function',
    'src/long-function.ts',
    `export function long(): void {\n${statements(61)}\n}\n`,
  ],
  ['no-default-export', 'src/default-export.ts', 'export default 1\n'],
  ['no-warning-comments', 'tests/left-undone.ts', `// ${undone} later\nexport const later = 1\n`],
  ['filename-case', 'src/CamelCase.ts', 'export const name = 1\n'],
  ['no-explicit-any', 'src/any.ts', 'export const value = JSON.parse("1") as any\n'],
  ['ban-ts-comment', 'src/ignored.ts', `// ${ignored}\nexport const value: number = "1"\n`],
  [
    'no-cycle',
    'src/cycle-a.ts',
    `import { b } from './cycle-b.ts'\nexport const a = (): number => b()\n`,
  ],
  [
    'no-cycle',
    'src/cycle-b.ts',
    `import { a } from './cycle-a.ts'\nexport const b = (): number => a()\n`,
  ],
  [
    'no-restricted-imports',
    'src/queries/engine.ts',
    `export { version } from '@duckdb/node-api'\n`,
  ],
  [
    'no-restricted-imports',
    'src/valkey/engine.ts',
    `export { version } from '@duckdb/node-bindings'\n`,
  ],
  [
    'no-restricted-imports',
    'src/storage/valkey.ts',
    `export { createClient } from '@redis/client'\n`,
  ],
  [
    'no-restricted-imports',
    'src/cli/valkey.ts',
    `export { GlideClient } from '@valkey/valkey-glide'\n`,
  ],
]

const allowed: readonly (readonly [file: string, text: string])[] = [
  ['src/storage/engine.ts', `export { version } from '@duckdb/node-api'\n`],
  ['src/valkey/valkey.ts', `export { createClient } from '@redis/client'\n`],
  ['src/just-fits.ts', `export function fits(): void {\n${statements(58)}\n}\n`],
  ['src/just-short-enough.ts', `${lines(299)}\nexport const last = 1\n`],
]

describe('the linter', () => {
  let findings: readonly Finding[] = []
  let folder = ''

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pairduck-lint-'))
    await cp(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'))
    for (const [file, text] of [...planted.map(([, ...rest]) => rest), ...allowed]) {
      await mkdir(dirname(join(folder, file)), { recursive: true })
      await writeFile(join(folder, file), text)
    }
    findings = await lint(folder)
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it.each(planted)('finds %s in %s', (rule, file) => {
    expect(findings).toContainEqual({ rule, file })
  })

  it.each(allowed)('has nothing against %s', (file) => {
    expect(findings.filter((finding) => finding.file === file)).toEqual([])
  })
})

interface Finding {
  readonly rule: string
  readonly file: string
}

async function lint(folder: string): Promise<Finding[]> {
  const output = await new Promise<string>((resolve) => {
    execFile(
      join(root, 'node_modules', '.bin', 'oxlint'),
      ['--format', 'json'],
      { cwd: folder },
      (_error, stdout) => resolve(stdout),
    )
  })
  const { diagnostics } = JSON.parse(output) as {
    diagnostics: readonly { readonly code: string; readonly filename: string }[]
  }
  // A code reads `eslint(max-lines)`.
  return diagnostics.map(({ code, filename }) => ({
    rule: /\(([^)]+)\)/.exec(code)?.[1] ?? code,
    file: filename,
  }))
}
