/**
 * `npm test`: everything that must hold; `npm run test:long`: what takes minutes. Every step runs
 * even when another one fails; the last line is `N passed, N failed` and the exit code says the same.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HeldOutput } from './held-output.ts'
import { memoryFolder } from './memory-folder.ts'
import { run } from './run.ts'
import { installSystemPackages } from './system-packages.ts'
import {
  summaryLine,
  totalsOf,
  totalsOfCheck,
  type Totals,
  type VitestReport,
} from './test-report.ts'

const minute = 60_000
const checks: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
  ['types', 'tsc', '-p', 'tsconfig.json'],
  ['types of the page', 'tsc', '-p', 'page/tsconfig.json'],
  ['api', 'node', '--import', 'tsx', 'scripts/api-report.ts', 'check'],
  ['lint', 'oxlint', '--type-aware', '--deny-warnings'],
  ['format', 'oxfmt', '--check'],
  ['unused', 'knip'],
]

const results = process.argv[2] === 'long' ? await long() : await all()
process.exitCode = results.some((totals) => totals.failed > 0) ? 1 : 0
console.log(`\n${summaryLine(results)}`)

/**
 * The checks run beside the tests, one at a time: together they keep the cores busy, where tests
 * alone would wait for disks, servers and child processes.
 */
async function all(): Promise<Totals[]> {
  const memory = memoryFolder()
  const environment: Record<string, string> = memory === undefined ? {} : { TMPDIR: memory }
  const checked = checkAll()
  const tested = installSystemPackages().then(() =>
    suite(['integration', 'unit'], 50 * minute, {
      environment,
      printAfter: checked,
      reporters: ['./scripts/stalled-run.ts'],
    }),
  )
  const [ofChecks, ofTests] = await Promise.all([checked, tested])
  return [...ofChecks, ofTests]
}

/** What takes minutes, and the others on the disk, properties with ten times as many random cases. */
async function long(): Promise<Totals[]> {
  await installSystemPackages()
  const environment = { PAIRDUCK_PROPERTY_FACTOR: '10' }
  return [
    await suite(['long'], 360 * minute),
    await suite(['integration', 'unit'], 180 * minute, { environment }),
  ]
}

async function checkAll(): Promise<Totals[]> {
  const totals: Totals[] = []
  for (const each of checks) totals.push(await check(...each))
  return totals
}

async function check(name: string, command: string, ...args: string[]): Promise<Totals> {
  const startedAt = performance.now()
  let output = ''
  const onOutput = (text: string): void => void (output += text)
  // The compiler and the linter are programs in Go: an eighth of their work is to collect garbage.
  const environment = { GOGC: '400' }
  const exitCode = await run(command, args, { deadlineMs: 10 * minute, environment, onOutput })
  return told(name, secondsSince(startedAt), totalsOfCheck(command, exitCode), output)
}

interface SuiteOptions {
  readonly environment?: Readonly<Record<string, string>>
  /** What else prints: the output is held back until it has ended, so that each stands whole. */
  readonly printAfter?: Promise<unknown>
  readonly reporters?: readonly string[]
}

/** All tests of some folders. A stray `.only` fails, so that a run is always the whole one. */
async function suite(
  folders: readonly string[],
  deadlineMs: number,
  { environment = {}, printAfter = Promise.resolve(), reporters = [] }: SuiteOptions = {},
): Promise<Totals> {
  const startedAt = performance.now()
  const name = folders.join(' and ')
  const output = new HeldOutput(printAfter, (text) => process.stdout.write(text))
  output.write(`\n── ${name} ──\n`)
  const folder = mkdtempSync(join(tmpdir(), 'pairduck-test-'))
  try {
    const file = join(folder, 'report.json')
    const selected = folders.map((each) => `tests/${each}/`)
    const reported = ['default', 'json', ...reporters].map((each) => `--reporter=${each}`)
    const args = ['run', '--allowOnly=false', ...selected, ...reported, `--outputFile.json=${file}`]
    const colours: Record<string, string> = process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}
    const exitCode = await run('vitest', args, {
      deadlineMs,
      environment: { ...environment, ...colours, PAIRDUCK_REPORT_FOLDER: folder },
      onOutput: (text) => output.write(text),
    })
    const seconds = secondsSince(startedAt)
    await printAfter
    return told(name, seconds, totalsOf(readReport(file), exitCode, folders))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function told(name: string, seconds: string, totals: Totals, output = ''): Totals {
  if (output.trim() !== '') console.log(`\n── ${name} ──\n${output.trimEnd()}`)
  for (const line of totals.trouble) console.log(`${name}: ${line}`)
  for (const test of totals.skipped) console.log(`skipped: ${test}`)
  console.log(`${name}: ${summaryLine([totals])} (${seconds} s)`)
  return totals
}

function secondsSince(startedAt: number): string {
  return ((performance.now() - startedAt) / 1000).toFixed(1)
}

function readReport(file: string): VitestReport | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as VitestReport
  } catch {
    return undefined
  }
}
