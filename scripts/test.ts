/**
 * `npm test`: everything that must hold; `npm run test:long`: what takes minutes. Every step runs
 * even when another one fails; the last line is `N passed, N failed` and the exit code says the same.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
  ['api', 'tsx', 'scripts/api-report.ts', 'check'],
  ['lint', 'oxlint', '--type-aware', '--deny-warnings'],
  ['format', 'oxfmt', '--check'],
  ['unused', 'knip'],
]

const results = process.argv[2] === 'long' ? await long() : await all()
process.exitCode = results.some((totals) => totals.failed > 0) ? 1 : 0
console.log(`\n${summaryLine(results)}`)

async function all(): Promise<Totals[]> {
  // The checks share no state: they run at once. The suites come after them, alone on the machine.
  const [checked] = await Promise.all([
    Promise.all(checks.map((each) => check(...each))),
    installSystemPackages(),
  ])
  return [...checked, await suite('unit', 10 * minute), await suite('integration', 40 * minute)]
}

/** What takes minutes, and the properties of the others with ten times as many random cases. */
async function long(): Promise<Totals[]> {
  await installSystemPackages()
  const environment = { PAIRDUCK_PROPERTY_FACTOR: '10' }
  return [
    await suite('long', 120 * minute),
    await suite('unit', 60 * minute, environment),
    await suite('integration', 120 * minute, environment),
  ]
}

async function check(name: string, command: string, ...args: string[]): Promise<Totals> {
  const startedAt = performance.now()
  let output = ''
  const exitCode = await run(command, args, { onOutput: (text) => (output += text) })
  return told(name, startedAt, totalsOfCheck(command, exitCode), output)
}

/** One vitest project. A stray `.only` fails, so that a run is always the whole one. */
async function suite(
  project: string,
  deadlineMs: number,
  environment: Readonly<Record<string, string>> = {},
): Promise<Totals> {
  console.log(`\n── ${project} ──`)
  const startedAt = performance.now()
  const folder = mkdtempSync(join(tmpdir(), 'pairduck-test-'))
  try {
    const file = join(folder, 'report.json')
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
    const args = ['run', '--project', project, '--allowOnly=false', ...reporters]
    const exitCode = await run('vitest', args, { deadlineMs, environment })
    return told(project, startedAt, totalsOf(readReport(file), exitCode))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function told(name: string, startedAt: number, totals: Totals, output = ''): Totals {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  if (output.trim() !== '') console.log(`\n── ${name} ──\n${output.trimEnd()}`)
  for (const line of totals.trouble) console.log(`${name}: ${line}`)
  for (const test of totals.skipped) console.log(`skipped: ${test}`)
  console.log(`${name}: ${summaryLine([totals])} (${seconds} s)`)
  return totals
}

function readReport(file: string): VitestReport | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as VitestReport
  } catch {
    return undefined
  }
}
