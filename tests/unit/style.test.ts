import { describe, expect, it } from 'vitest'
import { readSourceTree } from '../support/source-tree.ts'
import {
  codeInIndexes,
  crowdedFronts,
  floors,
  machineTraces,
  recursiveFolders,
  resolvedAddresses,
  undocumentedCodes,
  unfinishedProse,
  unusedCodes,
  upwardImports,
  vagueFileNames,
  wrongImports,
} from '../support/style-rules.ts'

// File and function length, default exports, cycles, who may import the engine and the Valkey
// clients, and marks of unfinished code are the linter's: tests/integration/lint.test.ts.
const rules = {
  wrongImports,
  upwardImports,
  crowdedFronts,
  vagueFileNames,
  codeInIndexes,
  recursiveFolders,
  undocumentedCodes,
  unusedCodes,
  machineTraces,
  resolvedAddresses,
  unfinishedProse,
}

describe('the repository', () => {
  const tree = readSourceTree()

  it.each(Object.entries(rules))('passes %s', (_name, rule) => {
    expect(tree.size).toBeGreaterThan(20)
    expect(rule(tree)).toEqual([])
  })
})

// Planted text is put together here, so that the rules do not find it in this file.
const slash = '/'

describe('each rule finds what it is for', () => {
  const errors = `export const errorCodes = [\n  'ONE_CODE',\n  'OTHER',\n] as const\n`
  const planted: readonly (readonly [
    keyof typeof rules,
    file: string,
    text: string,
    finding: RegExp,
  ])[] = [
    ['wrongImports', 'src/pair.ts', `import { tables } from './schema/tables.ts'`, /leaf may not/],
    ['wrongImports', 'src/schema/a.ts', `import { q } from '../queries/cvd.ts'`, /schema may not/],
    [
      'wrongImports',
      'src/queries/a.ts',
      `import type { E } from '../storage/engine.ts'`,
      /queries may not/,
    ],
    [
      'wrongImports',
      'src/storage/a.ts',
      `import { cvd } from '../queries/cvd.ts'`,
      /storage may not/,
    ],
    [
      'wrongImports',
      'src/storage/a.ts',
      `import {\n  open,\n} from '../mirror/index.ts'`,
      /storage may not/,
    ],
    ['wrongImports', 'src/mirror/a.ts', `export * from '../storage/engine.ts'`, /mirror may not/],
    [
      'wrongImports',
      'src/mirror/a.ts',
      `const m = await import('../cli/main.ts')`,
      /mirror may not/,
    ],
    ['wrongImports', 'src/storage/a.ts', `import { q } from '../index.ts'`, /storage may not/],
    [
      'wrongImports',
      'src/queries/a.ts',
      `import { q } from '../../tests/support/a.ts'`,
      /queries may not/,
    ],
    ['wrongImports', 'src/index.ts', `export { main } from './cli/main.ts'`, /index may not/],
    ['wrongImports', 'src/gadgets/a.ts', `export const gadget = 1`, /no rule/],
    ['upwardImports', 'src/storage/cellar/a.ts', '', /no floor/],
    ['vagueFileNames', 'src/storage/utils.ts', '', /does not say/],
    ['vagueFileNames', 'tests/helpers/servers.ts', '', /does not say/],
    ['codeInIndexes', 'src/index.ts', `export const answer = 42`, /more than re-exports/],
    [
      'recursiveFolders',
      'src/a.ts',
      `await mkdir(join(a), { recursive: true })`,
      /makeFolder ends/,
    ],
    ['undocumentedCodes', 'src/errors.ts', errors, /^ONE_CODE: no heading/],
    ['undocumentedCodes', 'docs/errors.md', '## `GHOST`\n\nBoo.\n', /^GHOST: no such code/],
    [
      'undocumentedCodes',
      'docs/errors.md',
      '## Group\n\n### `GHOST`\n\n### `OTHER`\n\nText.',
      /^GHOST: no text/,
    ],
    ['undocumentedCodes', 'docs/errors.md', '# A_B\n\nT.\n\n# A_B\n\nT.\n', /^A_B: two headings/],
    ['unusedCodes', 'src/errors.ts', errors, /^ONE_CODE$/],
    ['machineTraces', 'README.md', `cd ${slash}home/somebody/project`, /somebody/],
    ['machineTraces', 'docs/a.md', ['https://registry', 'example.org/x'].join('.'), /example\.org/],
    ['machineTraces', 'tests/unit/a.test.ts', `const folder = '${slash}tmp/fixed'`, /tmp/],
    ['resolvedAddresses', 'package-lock.json', '{"resolved": "https://x"}', /1 resolved/],
    ['unfinishedProse', 'docs/a.md', `To be told: ${['TB', 'D'].join('')}`, /unfinished/],
  ]

  it.each(planted)('%s in %s', (rule, file, text, finding) => {
    expect(rules[rule](new Map([[file, text]]))).toContainEqual(expect.stringMatching(finding))
  })

  const rooms = Object.entries(floors).flatMap(([part, order]) =>
    order.flatMap((room, floor) => order.slice(floor + 1).map((above) => [part, room, above])),
  )

  it.each(rooms)('upwardImports in %s: %s does not import %s', (part, room, above) => {
    const file = `src/${part}/${room}/a.ts`
    const target = ['src', part, above, 'b.ts'].filter(Boolean).join('/')
    const text = `import type { B } from '../${above === '' ? '' : `${above}/`}b.ts'`
    expect(upwardImports(new Map([[file, text]]))).toEqual([
      `${file}: ${room} may not import ${target}`,
    ])
  })

  it('crowdedFronts counts the files of a front', () => {
    const front = Array.from({ length: 9 }, (_, index) => [`src/mirror/f${index}.ts`, ''] as const)
    expect(crowdedFronts(new Map(front))).toEqual([expect.stringMatching(/9 files/)])
    expect(crowdedFronts(new Map(front.slice(1)))).toEqual([])
  })

  it('has nothing against what is allowed', () => {
    const good = new Map([
      ['src/errors.ts', errors],
      [
        'docs/errors.md',
        '# Errors\n\nIntroduction.\n\n## `ONE_CODE`\n\nWhen.\n\n## OTHER\n\nWhen.\n',
      ],
      [
        'src/index.ts',
        `/** Names. */\nexport { a, type B } from './storage/a.ts'\nexport * from './pair.ts'\n`,
      ],
      [
        'src/storage/a.ts',
        `import type { Query } from '../queries/query.ts'\nimport {\n  type Pair,\n  parsePair,\n} from '../pair.ts'\nthrow new E('ONE_CODE', 'x')\n`,
      ],
      ['src/cli/main.ts', `import { a } from '../index.ts'\nconst code = 'OTHER'\n`],
      ['docs/a.md', 'See https://example.org/home/page and dist/work/x and ~/home/y.\n'],
      ['package-lock.json', '{"version": "1.0.0"}'],
    ])
    for (const rule of Object.values(rules)) expect(rule(good)).toEqual([])
  })
})
