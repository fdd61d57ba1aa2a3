import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import Table from 'cli-table3'
import type { ReportedRow } from './row.ts'

export interface BenchReport {
  readonly at: string
  readonly node: string
  readonly machine: { readonly cpu: string; readonly cores: number; readonly memoryGb: number }
  readonly failedGroups: readonly string[]
  readonly rows: readonly ReportedRow[]
}

export function benchReport(
  rows: readonly ReportedRow[],
  failedGroups: readonly string[],
): BenchReport {
  return {
    at: new Date().toISOString(),
    node: process.version,
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: availableParallelism(),
      memoryGb: Math.round(totalmem() / 2 ** 30),
    },
    failedGroups,
    rows,
  }
}

export function benchTable(rows: readonly ReportedRow[]): string {
  const table = new Table({
    head: ['group', 'what', 'value', 'unit', 'compared with', 'ratio', 'target', ''],
    colAligns: ['left', 'left', 'right', 'left', 'left', 'right', 'right', 'left'],
    style: { head: [], border: [], compact: true },
    wordWrap: true,
    colWidths: [12, 46, null, null, 44, null, null, null],
  })
  for (const row of rows)
    table.push([
      row.group,
      row.name,
      row.value.toLocaleString('en'),
      row.unit,
      row.comparedWith,
      row.ratio.toLocaleString('en', { maximumFractionDigits: 3 }),
      row.target ?? '',
      row.met === undefined ? '' : row.met ? 'met' : 'MISSED',
    ])
  return table.toString()
}

/** bench/results/latest.json, which git ignores. */
export function writeReport(report: BenchReport): void {
  const folder = fileURLToPath(new URL('../results/', import.meta.url))
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${folder}latest.json`, `${JSON.stringify(report, undefined, 2)}\n`)
}
