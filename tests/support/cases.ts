import { existsSync } from 'node:fs'
import { join } from 'node:path'

const folder = process.env['PAIRDUCK_CASES_DIR'] ?? join(process.cwd(), '..', 'shared', 'cases')

/** Whether the collected cases are here. In CI they must be: there a missing one is an error. */
export const casesAreHere: boolean = existsSync(folder)

if (!casesAreHere) {
  if (process.env['CI'] === 'true') throw new Error(`the collected cases are missing: ${folder}`)
  console.warn(`collected cases not found at ${folder}: the tests that need them are skipped`)
}

/** The path of a case's file. */
export function caseFile(name: string): string {
  return join(folder, name)
}
