/**
 * `npm run bench [-- --only <group>]… [--part <part>]… [--full]`: every file in bench/ beside this
 * one is a group, exporting `run`, and runs in a process of its own. `--part` measures only parts of a
 * group that has some, `--full` its large sizes too. Prints a table, then one JSON document, which
 * is also written to bench/results/latest.json.
 */
import { fork } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { benchReport, benchTable, writeReport } from './harness/report.ts'
import { reported, type BenchRow, type BenchSize, type ReportedRow } from './harness/row.ts'

const folder = fileURLToPath(new URL('.', import.meta.url))
const known = readdirSync(folder)
  .filter((file) => file.endsWith('.ts') && file !== 'main.ts')
  .map((file) => basename(file, '.ts'))
  .sort()
const { groups, size } = chosen()

const rows: ReportedRow[] = []
const failed: string[] = []
for (const group of groups) {
  process.stderr.write(`${group} …\n`)
  try {
    rows.push(...(await runGroup(group)).map((row) => reported(group, row)))
  } catch (error) {
    process.stderr.write(`${group}: ${String(error)}\n`)
    failed.push(group)
  }
}
const report = benchReport(rows, failed)
writeReport(report)
console.log(benchTable(rows))
console.log(JSON.stringify(report, undefined, 2))
process.exitCode = failed.length > 0 ? 1 : 0

function chosen(): { readonly groups: readonly string[]; readonly size: BenchSize } {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true },
      part: { type: 'string', multiple: true },
      full: { type: 'boolean', default: false },
    },
  })
  const unknown = values.only?.find((group) => !known.includes(group))
  if (unknown !== undefined) {
    console.error(`no group ${unknown}; there are: ${known.join(', ')}`)
    process.exit(2)
  }
  const parts = values.part === undefined ? {} : { parts: values.part }
  return { groups: values.only ?? known, size: { full: values.full, ...parts } }
}

/** In its own process a group's memory is its own, and a crash takes only its own rows along. */
function runGroup(group: string): Promise<readonly BenchRow[]> {
  const child = fork(
    join(folder, 'harness', 'group-process.ts'),
    [new URL(`${group}.ts`, import.meta.url).href, JSON.stringify(size)],
    { execArgv: ['--expose-gc', '--import', 'tsx'], stdio: ['ignore', 2, 2, 'ipc'] },
  )
  return new Promise((resolve, reject) => {
    let received: readonly BenchRow[] | undefined
    child.once('message', (message) => {
      received = message as readonly BenchRow[]
    })
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      if (received !== undefined) resolve(received)
      else reject(new Error(`ended without rows (${signal ?? code})`))
    })
  })
}
