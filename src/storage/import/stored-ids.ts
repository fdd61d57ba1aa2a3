import type { Query } from '../../queries/query.ts'
import type { Gap } from '../../schema/gaps.ts'
import { microsFromMs } from '../../time.ts'
import type { NumberedTrade } from './id-holes.ts'

/** What is stored of a pair, as far as its ids are concerned. */
export interface StoredTrades {
  /** The newest stored tick, in µs. */
  readonly newestMicros: number
  readonly query: <Row>(query: Query<Row>) => Promise<Row[]>
}

/** A clock of an exchange goes back at times: trades of a hole lie so far outside it. */
const slackMicros = 60_000_000
const id = 'try_cast(trade_id AS BIGINT)'

/** The stored trade whose id comes next before or after one. */
export function tradeBesideQuery(
  trade: NumberedTrade,
  side: 'before' | 'after',
  /** Only so near to it. */
  withinMs: number = Infinity,
): Query<NumberedTrade> {
  const [beyond, order] = side === 'before' ? ['<', 'DESC'] : ['>', '']
  const far = trade.timestamp + (side === 'before' ? -withinMs : withinMs)
  const within = Number.isFinite(far)
    ? `AND timestamp ${side === 'before' ? '>=' : '<='} make_timestamp(${micros(far)})`
    : ''
  return {
    name: 'tradeBeside',
    sql: `SELECT ${id} AS "id", timestamp AS "timestamp" FROM ticks
    WHERE timestamp ${beyond}= make_timestamp($at) AND ${id} ${beyond} $id ${within}
    ORDER BY timestamp ${order}, ${id} ${order} LIMIT 1`,
    params: { id: BigInt(trade.id), at: micros(trade.timestamp) },
  }
}

/** The stored trades among those from one to another. */
export function numberedTradesQuery(
  first: NumberedTrade,
  last: NumberedTrade,
): Query<NumberedTrade> {
  const times = [first.timestamp, last.timestamp]
  return {
    name: 'numberedTrades',
    sql: `SELECT ${id} AS "id", timestamp AS "timestamp" FROM ticks
    WHERE timestamp BETWEEN make_timestamp($from - ${slackMicros}) AND make_timestamp($to + ${slackMicros})
      AND ${id} BETWEEN $first AND $last`,
    params: {
      from: micros(Math.min(...times)),
      to: micros(Math.max(...times)),
      first: BigInt(first.id),
      last: BigInt(last.id),
    },
  }
}

function before(column: string): string {
  return `lag(${column}) OVER (ORDER BY id)`
}

/** What is still missing between the ends of a hole. */
export function holesInQuery(
  gap: Gap,
): Query<Pick<Gap, 'fromTime' | 'toTime' | 'fromId' | 'toId'>> {
  return {
    name: 'holesIn',
    sql: `SELECT least(time_before, timestamp) AS "fromTime", greatest(time_before, timestamp) AS "toTime",
      id_before::VARCHAR AS "fromId", id::VARCHAR AS "toId"
    FROM (
      SELECT id, timestamp, ${before('id')} AS id_before, ${before('timestamp')} AS time_before
      FROM (
        SELECT ${id} AS id, timestamp FROM ticks
        WHERE timestamp BETWEEN make_timestamp($from - ${slackMicros}) AND make_timestamp($to + ${slackMicros})
          AND ${id} BETWEEN $first AND $last
      )
    ) WHERE id - id_before > 1 ORDER BY id`,
    params: {
      from: micros(gap.fromTime),
      to: micros(gap.toTime ?? gap.fromTime),
      first: BigInt(gap.fromId ?? 0),
      last: BigInt(gap.toId ?? 0),
    },
  }
}

function micros(ms: number): bigint {
  return BigInt(microsFromMs(ms))
}
