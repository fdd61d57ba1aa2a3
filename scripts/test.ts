/**
 * `npm test`: everything that must hold, one visible step after the other. All steps run even
 * when one fails; the last line is `N passed, N failed` and the exit code says the same.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from './run.ts'
import {
  summaryLine,
  totalsOf,
  totalsOfCheck,
  type Totals,
  type VitestReport,
} from './test-report.ts'

const suiteDeadlineMs = 14 * 60_000

const steps: Readonly<Record<string, () => Promise<Totals>>> = {
  types: check('tsc', '-p', 'tsconfig.json'),
  declarations: check('tsc', '-p', 'tsconfig.build.json', '--noEmit'),
  lint: check('oxlint', '--type-aware', '--deny-warnings'),
  format: check('prettier', '--check', '--log-level', 'warn', '.'),
  unused: check('knip'),
  unit: suite('unit'),
  integration: suite('integration'),
}

const results: Totals[] = []
for (const [name, step] of Object.entries(steps)) {
  console.log(`\n── ${name} ──`)
  const startedAt = performance.now()
  const totals = await step()
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  for (const line of totals.trouble) console.log(`${name}: ${line}`)
  for (const test of totals.skipped) console.log(`skipped: ${test}`)
  console.log(`${name}: ${summaryLine([totals])} (${seconds} s)`)
  results.push(totals)
}
process.exitCode = results.some((totals) => totals.failed > 0) ? 1 : 0
console.log(`\n${summaryLine(results)}`)

function check(command: string, ...args: string[]): () => Promise<Totals> {
  return async () => totalsOfCheck(command, await run(command, args))
}

/** One vitest project. A stray `.only` fails, so that a run is always the whole one. */
function suite(project: string): () => Promise<Totals> {
  return async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pairduck-test-'))
    try {
      const file = join(folder, 'report.json')
      const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
      const exitCode = await run(
        'vitest',
        ['run', '--project', project, '--allowOnly=false', ...reporters],
        { deadlineMs: suiteDeadlineMs },
      )
      return totalsOf(readReport(file), exitCode)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

function readReport(file: string): VitestReport | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as VitestReport
  } catch {
    return undefined
  }
}
