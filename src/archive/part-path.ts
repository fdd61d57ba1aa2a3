import { symbolToFolder, type Pair } from '../pair.ts'
import type { CandleRelation } from '../schema/tables.ts'
import { timeframeMs, type Timeframe } from '../time.ts'

/** What can be archived. */
export type ArchivedRelation = 'ticks' | CandleRelation

/** What the name of a part says of it. Times in Unix µs. */
export interface PartName {
  readonly relation: ArchivedRelation
  /** The first microsecond of the part's day. */
  readonly day: number
  readonly first: number
  readonly last: number
  readonly rows: number
  /** Of every value: bars that late trades were merged into have the times and number of before. */
  readonly digest: string
  /** For rows that came late: which of several such parts. */
  readonly late?: number
}

/**
 * The path of a part in the archive, the same for the same rows:
 * `ticks/exchange=…/market=…/symbol=…/date=2026-01-05/ticks-<first>-<last>-<rows>.parquet`, times as
 * `HHMMSSffffff`; candles lie below `candles/`, and their names end with eight digits of their
 * digest. Late rows are in `late-…`, with a number.
 */
export function partPath(pair: Pair, name: PartName): string {
  const { relation, day } = name
  return [
    relation === 'ticks' ? 'ticks' : 'candles',
    `exchange=${pair.exchange}`,
    `market=${pair.market}`,
    `symbol=${symbolToFolder(pair.symbol)}`,
    `date=${dateOf(day)}`,
    `${fileName(name)}.parquet`,
  ].join('/')
}

function fileName({ relation, day, first, last, rows, digest, late }: PartName): string {
  const span = [stamp(first, day), stamp(last, day), rows]
  if (relation === 'ticks')
    return late === undefined ? ['ticks', ...span].join('-') : ['late', ...span, late].join('-')
  const kind = relation.slice('candles_'.length)
  if (late !== undefined) return [kind, 'late', ...span, late].join('-')
  return [kind, ...span, BigInt.asUintN(32, BigInt(digest)).toString(16).padStart(8, '0')].join('-')
}

/** The first microsecond of the stretch that shares a folder: a day; of bars from an hour on a month. */
export function folderStart(relation: ArchivedRelation, micros: number): number {
  const date = new Date(Math.floor(micros / dayMicros) * dayMs)
  return isMonthly(relation)
    ? Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1) * 1000
    : date.getTime() * 1000
}

/** Where the next such stretch begins. */
export function folderEnd(relation: ArchivedRelation, micros: number): number {
  const date = new Date(folderStart(relation, micros) / 1000)
  return isMonthly(relation)
    ? Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1) * 1000
    : date.getTime() * 1000 + dayMicros
}

function isMonthly(relation: ArchivedRelation): boolean {
  return (
    relation !== 'ticks' &&
    timeframeMs[relation.slice('candles_'.length) as Timeframe] >= timeframeMs['1h']
  )
}

const dayMs = 86_400_000
export const dayMicros: number = dayMs * 1000
export const hourMicros: number = dayMicros / 24

function dateOf(micros: number): string {
  return new Date(micros / 1000).toISOString().slice(0, 10)
}

/** A month's part has the day of the month before the time of day. */
function stamp(micros: number, day: number): string {
  const date = new Date(Math.floor(micros / 1000))
  const time = date.toISOString().slice(11, 19).replaceAll(':', '')
  const fraction = String(((micros % 1e6) + 1e6) % 1e6).padStart(6, '0')
  const days = Math.floor((micros - day) / dayMicros)
  return `${days > 0 ? `${String(days + 1).padStart(2, '0')}T` : ''}${time}${fraction}`
}
