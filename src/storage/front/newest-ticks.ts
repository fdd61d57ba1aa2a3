import type { Query } from '../../queries/query.ts'
import type { StoredTick } from '../../schema/rows.ts'
import { tickOrder } from '../../schema/tables.ts'
import { msFromMicros } from '../../time.ts'
import type { RecentTicks } from './recent-ticks.ts'

/**
 * The newest durable ticks of a pair, newest first, in the one order of ticks: time, id by length
 * and then by its bytes, price, volume, side. Undefined where what is in memory does not tell.
 */
export function newestTicks(recent: RecentTicks, count: number): StoredTick[] | undefined {
  const { durable, micros, ids } = recent
  const from = lowerBound(recent, count)
  if (from === undefined) return undefined
  const rows: number[] = []
  for (let row = 0; row < durable; row++) {
    if (micros[row]! < from) continue
    // Only of these one character is one byte and one unit of a JavaScript string.
    if (ids[row] !== null && !isAscii(ids[row]!)) return undefined
    rows.push(row)
  }
  return rows
    .sort((a, b) => compare(recent, b, a))
    .slice(0, count)
    .map((row) => tickOf(recent, row))
}

/** The same, asked of the file. */
export function newestTicksQuery(count: number): Query<StoredTick> {
  const order = tickOrder.split(/, (?![^(]*\))/).map((part) => `${part} DESC`)
  return {
    name: 'recentTicks',
    sql: `SELECT timestamp AS "timestamp", price AS "price", volume AS "volume", side AS "side",
        trade_id AS "tradeId"
      FROM ticks ORDER BY ${order.join(', ')} LIMIT ${count}`,
    params: {},
  }
}

/** A time (µs) from which on at least `count` ticks are here, and all that are stored. */
function lowerBound(
  { durable, micros, coveredFrom }: RecentTicks,
  count: number,
): number | undefined {
  // The last ones that came are the newest, nearly always.
  for (let looked = Math.min(durable, 2 * count); ; looked = durable) {
    const times = micros.slice(durable - looked, durable).filter((time) => time >= coveredFrom)
    if (times.length >= count) return times.sort()[times.length - count]
    if (looked === durable) return coveredFrom === -Infinity ? coveredFrom : undefined
  }
}

function compare(ticks: RecentTicks, a: number, b: number): number {
  const [idA, idB] = [ticks.ids[a] ?? '', ticks.ids[b] ?? '']
  return (
    ticks.micros[a]! - ticks.micros[b]! ||
    idA.length - idB.length ||
    (idA < idB ? -1 : Number(idA > idB)) ||
    ticks.price[a]! - ticks.price[b]! ||
    ticks.volume[a]! - ticks.volume[b]! ||
    ticks.side[a]! - ticks.side[b]!
  )
}

function tickOf({ micros, price, volume, side, ids }: RecentTicks, row: number): StoredTick {
  return {
    timestamp: msFromMicros(micros[row]!),
    price: price[row]!,
    volume: volume[row]!,
    side: side[row] === 0 ? 'BUY' : 'SELL',
    tradeId: ids[row]!,
  }
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return false
  return true
}
