import { expect } from 'vitest'
import { memoryFolder } from '../store.ts'
import {
  atEachPoint,
  callsBefore,
  freshFolder,
  killPoints,
  type CrashPoint,
} from './crash-states.ts'
import { expectNothingLost } from './expect-nothing-lost.ts'
import { someOf } from './lottery.ts'
import type { DiskCall } from './recording.ts'

/** How a program ends. */
export const crashes = [
  'killed',
  'power lost, names in order',
  'power lost, names by folder',
] as const

interface CrashSample {
  readonly crash: string
  readonly states: number
  readonly random: () => number
  /** Which of the moments are looked at; default: all. */
  readonly among?: (points: readonly CrashPoint[]) => readonly CrashPoint[]
}

/** Opens what a crash leaves at so many of the program's calls, and each of their tears. */
export async function expectCrashesSurvived(
  calls: readonly DiskCall[],
  { crash, states, random, among = (all) => all }: CrashSample,
): Promise<void> {
  const folder = memoryFolder()
  const points = someOf(among(killPoints(calls)), states, random)
  expect(points.length).toBeGreaterThan(0)
  const open = async (point: CrashPoint, state: string): Promise<void> => {
    try {
      await expectNothingLost(state, callsBefore(calls, point))
    } catch (error) {
      throw new Error(`${crash} at ${nameOf(calls, point)}`, { cause: error })
    }
  }
  await atEachPoint(
    calls,
    points,
    (point, disk) => {
      const state = freshFolder(`${folder}/state`)
      if (crash === 'killed') disk.afterKill(state)
      else disk.afterPowerLoss(state, random)
      return open(point, state)
    },
    crash.endsWith('by folder') ? 'by folder' : 'in order',
  )
}

function nameOf(calls: readonly DiskCall[], { call, bytes }: CrashPoint): string {
  const { kind, path, data } = calls[call]!
  return JSON.stringify({ call, kind, path, bytes, of: data.length })
}
