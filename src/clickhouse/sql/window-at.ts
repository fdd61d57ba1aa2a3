import type { ResolvedWindow } from '../../queries/window.ts'
import { timeframeMs, type Timeframe } from '../../time.ts'
import type { ClickhouseRun } from './clickhouse-query.ts'

/** The bounds of a window at a moment, in Unix µs. */
export interface WindowAt {
  readonly from: bigint | undefined
  readonly to: bigint | undefined
  readonly asOf: bigint | undefined
}

/** What a window, resolved for DuckDB, means at a moment. */
export function windowAt({ from, to, asOf, params }: ResolvedWindow, nowMs: number): WindowAt {
  const now = BigInt(Math.round(nowMs * 1000))
  const bound = (name: string): bigint => params[name] as bigint
  const begin = 'fromMicros' in params ? bound('fromMicros') : undefined
  return {
    from: from === undefined ? undefined : (begin ?? now - bound('lookbackMicros')),
    to: to === undefined ? undefined : bound('toMicros'),
    asOf: asOf === undefined ? undefined : 'asOfMicros' in params ? bound('asOfMicros') : now,
  }
}

/** A query over the ticks inside a window and before `asOf`. */
export function overTicks(window: ResolvedWindow): (nowMs: number) => ClickhouseRun {
  return (nowMs) => {
    const bounds = windowAt(window, nowMs)
    return { ...bounds, to: least(bounds.to, bounds.asOf), params: { begin: bounds.from ?? null } }
  }
}

/**
 * A query over the bars that open inside a window, each of its whole time; with `asOf` those closed
 * by it. `beginOf` says from when on ticks are wanted of bars from a time on; without it from then.
 */
export function overBars(
  window: ResolvedWindow,
  timeframe: Timeframe,
  beginOf?: (from: bigint) => bigint,
): (nowMs: number) => ClickhouseRun {
  const width = widthOf(timeframe)
  const opening = (micros: bigint): bigint => ((micros + width - 1n) / width) * width
  return (nowMs) => {
    const { from, to, asOf } = windowAt(window, nowMs)
    return {
      from: from === undefined ? undefined : (beginOf ?? opening)(from),
      to: least(to && opening(to), asOf && (asOf / width) * width),
      asOf,
      params: { begin: from ?? null },
    }
  }
}

/** The length of a bar in µs. */
export function widthOf(timeframe: Timeframe): bigint {
  return BigInt(timeframeMs[timeframe] * 1000)
}

/** Of a tick: the opening of its bar. */
export function barOf(timeframe: Timeframe): string {
  return `intDiv(at, ${widthOf(timeframe)}) * ${widthOf(timeframe)}`
}

/** A time of µs as the API has it: Unix ms, with the microseconds in the fraction. */
export function msOf(micros: string): string {
  return `(${micros}) / 1000`
}

function least(one: bigint | undefined, other: bigint | undefined): bigint | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return one < other ? one : other
}
