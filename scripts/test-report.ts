/** What one step of `npm test` gave. */
export interface Totals {
  readonly passed: number
  readonly failed: number
  /** Full names: a skip that nobody sees is a test that nobody runs. */
  readonly skipped: readonly string[]
  /** What failed besides single tests: a file that could not be loaded, a crash. */
  readonly trouble: readonly string[]
}

/** The part of vitest's JSON report that the totals are made of. */
export interface VitestReport {
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly message: string
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[]
  }[]
}

/**
 * Totals of one run of vitest over some folders below tests/. Whatever is not plainly a pass or a
 * named skip counts as a failure: a file that did not load, a test that never ended, a folder without
 * a test, no report, and an exit code that says more than the report
 * does (unhandled errors, a crash of a worker).
 */
export function totalsOf(
  report: VitestReport | undefined,
  exitCode: number,
  folders: readonly string[],
): Totals {
  const tests = report?.testResults.flatMap((file) => file.assertionResults) ?? []
  const passed = tests.filter((test) => test.status === 'passed').length
  const skipped = tests.filter((test) => isSkip(test.status)).map((test) => test.fullName.trim())
  const failedTests = tests.length - passed - skipped.length
  const trouble = (report?.testResults ?? [])
    .filter((file) => file.status === 'failed' && !file.assertionResults.some(isFailure))
    .map((file) => `${file.name}: ${file.message || 'failed outside its tests'}`)

  if (report === undefined) trouble.push(`vitest left no report and ended with ${exitCode}`)
  else
    for (const folder of folders.filter((each) => !ranTests(report, each)))
      trouble.push(`no test of tests/${folder} was executed`)
  if (exitCode !== 0 && failedTests === 0 && trouble.length === 0)
    trouble.push(`vitest ended with ${exitCode} although no test failed`)
  return { passed, failed: failedTests + trouble.length, skipped, trouble }
}

/** The totals of a check that only says yes or no. */
export function totalsOfCheck(name: string, exitCode: number): Totals {
  const ok = exitCode === 0
  return {
    passed: ok ? 1 : 0,
    failed: ok ? 0 : 1,
    skipped: [],
    trouble: ok ? [] : [`${name} ended with ${exitCode}`],
  }
}

/** The last line of `npm test`, in just this form. What was skipped stands by name before it. */
export function summaryLine(steps: readonly Totals[]): string {
  const passed = steps.reduce((sum, step) => sum + step.passed, 0)
  const failed = steps.reduce((sum, step) => sum + step.failed, 0)
  return `${passed} passed, ${failed} failed`
}

function ranTests(report: VitestReport, folder: string): boolean {
  return report.testResults
    .filter((file) => file.name.includes(`/tests/${folder}/`))
    .some((file) => file.assertionResults.some((test) => !isSkip(test.status)))
}

function isSkip(status: string): boolean {
  return status === 'skipped' || status === 'todo' || status === 'disabled'
}

function isFailure(test: { readonly status: string }): boolean {
  return test.status !== 'passed' && !isSkip(test.status)
}
