import { runsOf, type ResolvedReset } from '../../queries/reset.ts'
import { midnight, sessionStartMinutes } from '../../queries/session.ts'
import type { ResolvedWindow } from '../../queries/window.ts'
import type { Timeframe } from '../../time.ts'
import { windowBegin } from './coverage.ts'
import type { ClickhouseRun } from './clickhouse-query.ts'
import { overBars, widthOf } from './window-at.ts'

/** The running sums of a window: `runsOf` of the builders for DuckDB, in ClickHouse's SQL. */
export interface RunsAt {
  /** Of a bar at `bar` (µs): when its run began; NULL where the window has no beginning. */
  readonly begin: string
  readonly at: (nowMs: number) => ClickhouseRun
}

/** A bar belongs to the run that holds its opening. */
export function runsAt(
  caller: string,
  reset: ResolvedReset,
  timeframe: Timeframe,
  window: ResolvedWindow,
): RunsAt {
  runsOf(caller, reset, timeframe, window)
  if (reset.reset === 'none') return { begin: windowBegin, at: overBars(window, timeframe) }
  const { width, offset } = runLength(reset, timeframe)
  return {
    begin: `(intDiv(bar - ${offset}, ${width}) * ${width} + ${offset})`,
    at: overBars(window, timeframe, (from) => ((from - offset) / width) * width + offset),
  }
}

function runLength(
  { reset, sessionStart }: ResolvedReset,
  timeframe: Timeframe,
): { width: bigint; offset: bigint } {
  if (typeof reset === 'number') return { width: BigInt(reset) * widthOf(timeframe), offset: 0n }
  const minutes = sessionStartMinutes({ sessionStart: sessionStart ?? midnight })
  return { width: widthOf('1d'), offset: BigInt(minutes) * 60_000_000n }
}
