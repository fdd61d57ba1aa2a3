import { posix } from 'node:path'
import { importsOf, resolveImport, type SourceTree } from './source-tree.ts'

/** What of src/ each part may import. Parts beside each other stay strangers. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  leaf: ['leaf'],
  schema: ['leaf', 'schema'],
  queries: ['leaf', 'schema', 'queries'],
  archive: ['leaf', 'schema', 'archive'],
  clickhouse: ['leaf', 'schema', 'queries', 'clickhouse'],
  storage: ['leaf', 'schema', 'archive', 'storage'],
  valkey: ['leaf', 'valkey'],
  mirror: ['leaf', 'schema', 'valkey', 'mirror'],
  cluster: ['leaf', 'schema', 'storage', 'valkey', 'cluster'],
  ccxt: ['leaf', 'schema', 'ccxt'],
  client: ['leaf', 'schema', 'queries', 'storage', 'valkey', 'cluster', 'client'],
  serve: ['leaf', 'schema', 'queries', 'storage', 'valkey', 'mirror', 'client', 'serve'],
  record: ['leaf', 'schema', 'queries', 'storage', 'ccxt', 'record'],
  simulator: ['leaf', 'simulator'],
  cli: [
    'leaf',
    'schema',
    'queries',
    'archive',
    'storage',
    'valkey',
    'mirror',
    'cluster',
    'ccxt',
    'client',
    'serve',
    'record',
    'simulator',
    'cli',
    'index',
  ],
  index: ['leaf', 'schema', 'queries', 'archive', 'storage', 'valkey', 'mirror'],
}
/**
 * The rooms of a part, from the lowest to the front: each may import itself and the rooms before
 * it. '' is the front, the files that lie directly in the part's folder.
 */
export const floors: Readonly<Record<string, readonly string[]>> = {
  storage: [
    'duckdb',
    'events',
    'follow',
    'file',
    'recovery',
    'log',
    'front',
    'write',
    'import',
    'pool',
    'upkeep',
    'export',
    '',
  ],
  archive: ['store', ''],
  clickhouse: ['server', 'sql', 'tree', 'builders', ''],
  client: ['wire', 'remote', ''],
  serve: ['options', 'analytics', 'safety', 'metrics', 'answer', 'page', 'routes', ''],
  mirror: ['exchanges', 'model', 'stored', 'write', 'read', 'follow', 'ccxt', 'report', ''],
}
/** Files that may lie at the front of a part: what its users meet. */
const maxFrontFiles = 8
const leaves = new Set([
  'errors',
  'iso-time',
  'optional-package',
  'options',
  'pair',
  'sync-folder',
  'time',
  'until-aborted',
])
const ownerDesk = 'src/serve/owner-desk.ts'
const refreshPlan = 'src/queries/refresh/index.ts'
const barReaders = new Set(
  ['replay', 'closed-candles'].map((name) => `src/storage/follow/${name}.ts`),
)
const vagueNames = new Set(['utils', 'util', 'helpers', 'helper', 'common', 'types', 'misc'])

/** Imports run leaves → schema → queries | storage | mirror → cli and index, never back. */
export function wrongImports(tree: SourceTree): string[] {
  const findings: string[] = []
  for (const [file, text] of sources(tree)) {
    const allowed = mayImport[partOf(file)]
    if (allowed === undefined) {
      findings.push(`${file}: no rule says what ${partOf(file)} may import`)
      continue
    }
    for (const { specifier, typeOnly } of importsOf(text)) {
      const target = resolveImport(file, specifier)
      if (target === undefined) continue
      const part = target.startsWith('src/') ? partOf(target) : undefined
      // Storage runs query values that it is given: it knows their shape, and calls no builder. Only
      // the refresh of the analytics it applies by itself, from a plan that is text all through, and
      // a replay and the telling of closed bars read stored bars and ticks as any caller does.
      if (partOf(file) === 'storage' && part === 'queries' && (typeOnly || target === refreshPlan))
        continue
      if (barReaders.has(file) && part === 'queries') continue
      // The owner of a directory answers others over HTTP, which is loaded at the first of them.
      if (file === 'src/storage/owner-socket.ts' && target === ownerDesk) continue
      if (part === undefined || !allowed.includes(part))
        findings.push(`${file}: ${partOf(file)} may not import ${target}`)
    }
  }
  return findings
}

/** Inside a part imports run down its floors, never up. */
export function upwardImports(tree: SourceTree): string[] {
  const findings: string[] = []
  for (const [file, text] of sources(tree)) {
    const order = floors[partOf(file)]
    if (order === undefined) continue
    const floor = order.indexOf(roomOf(file))
    if (floor === -1) findings.push(`${file}: no floor is given for the room ${roomOf(file)}`)
    for (const { specifier } of importsOf(text)) {
      const target = resolveImport(file, specifier)
      if (target === undefined || partOf(target) !== partOf(file)) continue
      if (order.indexOf(roomOf(target)) > floor)
        findings.push(`${file}: ${roomOf(file)} may not import ${target}`)
    }
  }
  return findings
}

/** A part shows its rooms: only what its users meet lies directly in its folder. */
export function crowdedFronts(tree: SourceTree): string[] {
  return Object.keys(floors).flatMap((part) => {
    const front = sources(tree).filter(([file]) => partOf(file) === part && roomOf(file) === '')
    return front.length > maxFrontFiles
      ? [`src/${part}: ${front.length} files lie at its front, more than ${maxFrontFiles}`]
      : []
  })
}

/** A name that fits everything says nothing. */
export function vagueFileNames(tree: SourceTree): string[] {
  return [...tree.keys()]
    .filter((file) => file.split('/').some((part) => vagueNames.has(part.split('.')[0]!)))
    .map((file) => `${file}: the name does not say what is inside`)
}

/** src/index.ts, and each part's, holds names and nothing else. */
export function codeInIndexes(tree: SourceTree): string[] {
  return [...sources(tree)]
    .filter(([file]) => posix.basename(file) === 'index.ts')
    .filter(([, text]) => withoutComments(text).replaceAll(reExport, '').trim() !== '')
    .map(([file]) => `${file}: more than re-exports`)
}

/** Folders are made by makeFolder: a recursive mkdir never returns where the system says ENOENT. */
export function recursiveFolders(tree: SourceTree): string[] {
  return [...sources(tree)]
    .filter(([, text]) =>
      /\bmkdir(?:Sync)?\([^{;]*\{[^}]*\brecursive\b/.test(withoutComments(text)),
    )
    .map(([file]) => `${file}: mkdir with recursive, where makeFolder ends with an error`)
}

/** The codes of src/errors.ts and the headings of docs/errors.md are the same set. */
export function undocumentedCodes(tree: SourceTree): string[] {
  const codes = errorCodesOf(tree)
  const sections = (tree.get('docs/errors.md') ?? '')
    .split(/^#+ /m)
    .map((section) => /^`?([A-Z][A-Z_]+)`?\n([^]*)$/.exec(section))
    .filter((match) => match !== null)
    .map(([, code, text]) => ({ code: code!, text: text! }))
  const documented = sections.map(({ code }) => code)
  return [
    ...codes.filter((code) => !documented.includes(code)).map((code) => `${code}: no heading`),
    ...documented.filter((code) => !codes.includes(code)).map((code) => `${code}: no such code`),
    ...documented
      .filter((code, at) => documented.indexOf(code) !== at)
      .map((code) => `${code}: two headings`),
    ...sections.filter(({ text }) => text.trim() === '').map(({ code }) => `${code}: no text`),
  ]
}

/** Codes that nothing in src/ names: a caller would wait for them in vain. */
export function unusedCodes(tree: SourceTree): string[] {
  const elsewhere = [...sources(tree)]
    .filter(([file]) => file !== 'src/errors.ts')
    .map(([, text]) => withoutComments(text))
    .join('\n')
  return errorCodesOf(tree).filter((code) => !elsewhere.includes(`'${code}'`))
}

/** Nothing tracked speaks of one machine: its folders, or the registry it installs from. */
export function machineTraces(tree: SourceTree): string[] {
  // Built from pieces, so that this file does not find itself.
  const folders = ['work', 'root', 'home', 'Users'].join('|')
  const traces = [
    new RegExp(`(?<![\\w.~$}>/-])/(?:${folders})/[\\w.-]+`, 'g'),
    new RegExp(['registry', '(?:[\\w-]+\\.)+[a-z]{2,}'].join('\\.'), 'g'),
    new RegExp(['artifact[o]ry', 'verdacc[i]o', 'nexu[s]\\.'].join('|'), 'gi'),
  ]
  const fixed = /['"`][/]tmp(?:[/]|['"`])/g
  return [...tree].flatMap(([file, text]) =>
    [...traces, ...(file.endsWith('.ts') ? [fixed] : [])]
      .flatMap((trace) => [...text.matchAll(trace)])
      .map(([found]) => `${file}: ${found}`),
  )
}

/** The lock file names versions and checksums, not where one machine got them. */
export function resolvedAddresses(tree: SourceTree): string[] {
  const count = (tree.get('package-lock.json') ?? '').split('"resolved"').length - 1
  return count > 0 ? [`package-lock.json: ${count} resolved addresses`] : []
}

/** Code is checked by the linter; prose has to be finished too. */
export function unfinishedProse(tree: SourceTree): string[] {
  const marks = new RegExp(`\\b(?:${['TO', 'FIX'].join('DO|')}ME|TBD)\\b`)
  return [...tree]
    .filter(([file, text]) => file.endsWith('.md') && marks.test(text))
    .map(([file]) => `${file}: left unfinished`)
}

const reExport = /^export (?:type )?(?:\*|\{[^}]*\})(?: as \w+)? from '[^']+'$/gm

function sources(tree: SourceTree): [string, string][] {
  return [...tree].filter(([file]) => file.startsWith('src/') && file.endsWith('.ts'))
}

/** `leaf`, `index`, or the folder below src/. */
function partOf(file: string): string {
  const [, first = '', second] = file.split('/')
  if (second !== undefined) return first
  const name = first.replace(/\.ts$/, '')
  return leaves.has(name) ? 'leaf' : name
}

/** The folder below the part's own; '' for a file at its front. */
function roomOf(file: string): string {
  const folders = file.split('/').slice(2, -1)
  return folders[0] ?? ''
}

function errorCodesOf(tree: SourceTree): string[] {
  const list = /errorCodes = \[([^\]]*)\]/.exec(tree.get('src/errors.ts') ?? '')?.[1] ?? ''
  return [...list.matchAll(/'([A-Z_]+)'/g)].map((match) => match[1]!)
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
}
