/**
 * Archiving, and a day out of the archive beside the same day in one file. `PAIRDUCK_BENCH_DAYS`
 * says how many days of 200,000 ticks are archived for it: 20, or 100 for twenty million.
 */
import type { BenchRow } from './harness/row.ts'
import { inScratchFolder } from './harness/scratch-folder.ts'
import { archiving } from './scale/archiving.ts'
import { dayOutOf } from './scale/day-out-of-archive.ts'

const days = Number(process.env['PAIRDUCK_BENCH_DAYS'] ?? 20)

export async function run(): Promise<readonly BenchRow[]> {
  const busy = await inScratchFolder((folder) => archiving(folder, { days: 4, perDay: 1_000_000 }))
  const long = await inScratchFolder((folder) => dayOutOf(folder, { days, perDay: 200_000 }))
  return [
    {
      name: 'ticks archived per second of processor time, a million a day, with three timeframes',
      value: busy.ticksPerCpuSecond,
      unit: 'ticks/CPU-s',
      comparedWith: 'COPY … ORDER BY of the same ticks into Parquet, nothing read back or deleted',
      ratio: busy.ticksPerCpuSecond / busy.copiedPerCpuSecond,
      target: { atLeast: 1_000_000, of: 'value' },
    },
    {
      name: `memory while the second half of ${days} days is archived`,
      value: long.peakMb.second,
      unit: 'MB',
      comparedWith: 'while the first half is',
      ratio: long.peakMb.second / long.peakMb.first,
      target: { atMost: 1.2 },
    },
    ...long.questions.map(({ name, archivedMs, inOneFileMs }) => ({
      name: `${name} of one day out of ${(days * 0.2).toFixed(1)} M archived ticks`,
      value: archivedMs,
      unit: 'CPU ms',
      comparedWith: 'the same day in one file',
      ratio: archivedMs / inOneFileMs,
      target: { atMost: 4 },
    })),
  ]
}
