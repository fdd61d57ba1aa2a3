import { beforeAll, describe, expect, it } from 'vitest'
import {
  atEachPoint,
  callsBefore,
  freshFolder,
  killPoints,
  recordProgram,
  type CrashPoint,
} from '../../support/disk/crash-states.ts'
import { expectNothingLost } from '../../support/disk/expect-nothing-lost.ts'
import type { DiskCall } from '../../support/disk/recording.ts'
import { noShimReason } from '../../support/disk/shim-library.ts'
import { memoryFolder } from '../../support/store.ts'

/** Small; tests/long goes through all states. */
const sample = Number(process.env['CRASH_STATES'] ?? 24)
const seed = Number(process.env['CRASH_SEED'] ?? 1)

describe.skipIf(noShimReason !== undefined)('nothing is refused, lost or half there', () => {
  let calls: DiskCall[]
  let random: () => number

  beforeAll(async () => {
    random = lottery(seed)
    calls = await recordProgram()
  })

  it.each(['killed', 'power lost, names in order', 'power lost, names by folder'])(
    '%s',
    async (what) => {
      const folder = memoryFolder()
      const points = some(killPoints(calls), sample, random)
      await atEachPoint(
        calls,
        points,
        async (point, disk) => {
          const state = freshFolder(`${folder}/state`)
          if (what === 'killed') disk.afterKill(state)
          else disk.afterPowerLoss(state, random)
          try {
            await expectNothingLost(state, callsBefore(calls, point))
          } catch (error) {
            throw new Error(`${what} at ${JSON.stringify(named(calls, point))}`, { cause: error })
          }
        },
        what.endsWith('by folder') ? 'by folder' : 'in order',
      )
      expect(points.length).toBeGreaterThan(0)
    },
  )
})

function named(calls: readonly DiskCall[], { call, bytes }: CrashPoint): object {
  const { kind, path, data } = calls[call]!
  return { call, kind, path, bytes, of: data.length }
}

/** So many of the points, in their order. */
function some(points: readonly CrashPoint[], count: number, random: () => number): CrashPoint[] {
  let wanted = Math.min(count, points.length)
  return points.filter((_, index) => {
    const taken = random() < wanted / (points.length - index)
    if (taken) wanted--
    return taken
  })
}

function lottery(first: number): () => number {
  let state = first
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
}
