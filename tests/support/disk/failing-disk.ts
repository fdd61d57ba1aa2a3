import { execFile } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import { DatabaseManager } from '../../../src/index.ts'
import { childProgram } from '../child-program.ts'
import { memoryFolder } from '../store.ts'
import { expectNothingLost } from './expect-nothing-lost.ts'
import type { Fault, FaultReport } from './fault-program.ts'
import { shimEnvironment } from './shim-library.ts'

const [EIO, ENOSPC, EACCES] = [5, 28, 13]

/** How calls fail: of which kinds, with what, and whether half of a write is done before. */
const manners: readonly Omit<Fault, 'at'>[] = [
  { kinds: 's', errno: EIO, half: false },
  { kinds: 'w', errno: EIO, half: false },
  { kinds: 'w', errno: ENOSPC, half: true },
  { kinds: 'rl', errno: EIO, half: false },
  { kinds: 'o', errno: EACCES, half: false },
  { kinds: 'u', errno: EACCES, half: false },
]

/** Every call of the scenario that can fail, in every manner. */
export async function everyFault(): Promise<Fault[]> {
  const counted = await runFaults(manners.map((manner) => ({ ...manner, at: 0 })))
  return counted.flatMap(({ report: { fault, calls } }) =>
    Array.from({ length: calls }, (_, call) => ({ ...fault, at: call + 1 })),
  )
}

/** Success or a named error for each call; then everything acknowledged is there, exactly once. */
export async function expectFaultsSurvived(faults: readonly Fault[]): Promise<void> {
  for (const { report, folder } of await runFaults(faults)) {
    const what = JSON.stringify({ ...report.fault, errors: report.errors })
    expect({ what, violations: report.violations }).toEqual({ what, violations: [] })
    try {
      await repairAgain(folder)
      await expectNothingLost(folder, report.inserts)
    } catch (error) {
      throw new Error(what, { cause: error })
    }
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The scenario damages its file; a repair that failed is done again when the disk is well. */
async function repairAgain(folder: string): Promise<void> {
  const store = await DatabaseManager.open({ dataDir: join(folder, 'data') })
  try {
    for (const pair of await store.listPairs()) await store.repair(pair)
  } finally {
    await store.close()
  }
}

async function runFaults(
  faults: readonly Fault[],
): Promise<{ report: FaultReport; folder: string }[]> {
  const watch = join(memoryFolder(), 'watched')
  mkdirSync(watch)
  const program = await childProgram(new URL('fault-program.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [program, 'run', watch, JSON.stringify(faults)],
    { env: shimEnvironment(watch), maxBuffer: 1 << 28 },
  )
  return stdout
    .trim()
    .split('\n')
    .map((line, index) => ({
      report: JSON.parse(line) as FaultReport,
      folder: join(watch, `${index}`),
    }))
}
