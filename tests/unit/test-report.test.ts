import { describe, expect, it } from 'vitest'
import {
  summaryLine,
  totalsOf,
  totalsOfCheck,
  type VitestReport,
} from '../../scripts/test-report.ts'

describe('totalsOf', () => {
  it('counts passed, failed and skipped tests, and names the skipped', () => {
    const totals = totalsOf(
      report({ statuses: ['passed', 'passed', 'failed', 'skipped', 'todo'] }),
      1,
      ['unit'],
    )
    expect(totals).toEqual({ passed: 2, failed: 1, skipped: ['test 3', 'test 4'], trouble: [] })
  })

  it('counts a file that could not be loaded as one failure', () => {
    const totals = totalsOf(
      report(
        { statuses: ['passed'] },
        { statuses: [], status: 'failed', message: 'no such module' },
      ),
      1,
      ['unit'],
    )
    expect(totals).toMatchObject({
      passed: 1,
      failed: 1,
      trouble: ['/tests/unit/1: no such module'],
    })
  })

  it('counts a file whose hook failed, although its tests only say skipped', () => {
    expect(
      totalsOf(report({ statuses: ['skipped'], status: 'failed' }), 1, ['unit']).failed,
    ).toBeGreaterThan(0)
  })

  it('counts a test that never ended as a failure', () => {
    expect(totalsOf(report({ statuses: ['passed', 'pending'] }), 0, ['unit']).failed).toBe(1)
  })

  it('fails when vitest does, although every test passed: an unhandled error, a dead worker', () => {
    expect(totalsOf(report({ statuses: ['passed'] }), 1, ['unit'])).toMatchObject({
      passed: 1,
      failed: 1,
    })
  })

  it('fails when one of several folders executed no test', () => {
    expect(totalsOf(report({ statuses: ['passed'] }), 0, ['unit', 'integration'])).toMatchObject({
      failed: 1,
      trouble: ['no test of tests/integration was executed'],
    })
  })

  it('fails without a report, and without a single executed test', () => {
    expect(totalsOf(undefined, 0, ['unit']).failed).toBe(1)
    expect(totalsOf(undefined, 139, ['unit']).failed).toBe(1)
    expect(totalsOf(report(), 0, ['unit']).failed).toBe(1)
    expect(totalsOf(report({ statuses: ['skipped'] }), 0, ['unit']).failed).toBe(1)
  })
})

describe('summaryLine', () => {
  it('adds the steps up and has one form, whatever was skipped', () => {
    const tests = totalsOf(report({ statuses: ['passed', 'passed'] }), 0, ['unit'])
    expect(summaryLine([totalsOfCheck('types', 0), tests])).toBe('3 passed, 0 failed')
    expect(summaryLine([totalsOfCheck('types', 2), tests])).toBe('2 passed, 1 failed')
    const skipping = totalsOf(report({ statuses: ['passed', 'skipped'] }), 0, ['unit'])
    expect(summaryLine([skipping])).toBe('1 passed, 0 failed')
  })
})

interface File {
  readonly statuses: readonly string[]
  readonly status?: string
  readonly message?: string
}

function report(...files: readonly File[]): VitestReport {
  return {
    testResults: files.map(({ statuses, status, message = '' }, index) => ({
      name: `/tests/unit/${index}`,
      status: status ?? (statuses.includes('failed') ? 'failed' : 'passed'),
      message,
      assertionResults: statuses.map((each, test) => ({ fullName: ` test ${test}`, status: each })),
    })),
  }
}
