/** Clusters of up to 100,000 pairs on paper, from what one machine was measured to need. */
import type { BenchRow } from './harness/row.ts'
import { inScratchFolder } from './harness/scratch-folder.ts'
import { spreadOf } from './scale/spread.ts'
import { measureUnitCosts } from './scale/unit-costs.ts'

const slots = 1024
const leaseMs = 10_000
const beatsPerLease = 5
const clusters = [
  { pairs: 1_000, workers: 4 },
  { pairs: 10_000, workers: 16 },
  { pairs: 100_000, workers: 64 },
].map((sizes) => ({ ...sizes, slots, skew: 0.8 }))

export async function run(): Promise<readonly BenchRow[]> {
  const costs = await inScratchFolder((folder) => measureUnitCosts(folder))
  const beatMs = leaseMs / beatsPerLease
  return [
    {
      name: `own slots of ${slots} found among 16 members, when one comes or goes`,
      value: costs.ownSlotsMs,
      unit: 'CPU ms',
      comparedWith: `the time between two heartbeats, ${beatMs} ms`,
      ratio: costs.ownSlotsMs / beatMs,
      target: { atMost: 0.2 },
    },
    {
      name: `${costs.renewed} leases renewed in one call`,
      value: costs.renewMs,
      unit: 'ms',
      comparedWith: `the time between two heartbeats, ${beatMs} ms`,
      ratio: costs.renewMs / beatMs,
      target: { atMost: 0.05 },
    },
    {
      name: 'ticks stored per second of processor time, calls of 50, 200 pairs',
      value: costs.ticksPerCpuSecond,
      unit: 'ticks/CPU-s',
      comparedWith: '10,000 pairs of one tick a second',
      ratio: costs.ticksPerCpuSecond / 10_000,
    },
    ...clusters.flatMap((cluster) => rowsOf(cluster)),
  ]
}

function rowsOf(cluster: (typeof clusters)[number]): BenchRow[] {
  const { pairs, workers } = cluster
  const spread = spreadOf(cluster)
  const name = `${pairs.toLocaleString('en-US')} pairs, ${workers} workers`
  return [
    {
      name: `${name}: load of the busiest worker`,
      value: spread.busiest,
      unit: '× even',
      comparedWith: 'its busiest slot alone',
      ratio: spread.busiest / spread.busiestSlot,
    },
    {
      name: `${name}: ticks that move when one joins`,
      value: spread.movedByJoin * 100,
      unit: '%',
      comparedWith: `its share, 1 ÷ ${workers + 1}`,
      ratio: spread.movedByJoin * (workers + 1),
      target: { atMost: 3 },
    },
    {
      name: `${name}: ticks that move when one dies`,
      value: spread.movedByDeath * 100,
      unit: '%',
      comparedWith: `its share, 1 ÷ ${workers}`,
      ratio: spread.movedByDeath * workers,
      target: { atMost: 3 },
    },
  ]
}
