import {
  calculateCvdQuery,
  calculateOrderFlowImbalanceQuery,
  calculateVwapQuery,
  getRecentTicksQuery,
} from '../../src/queries/index.ts'
import { plainCoveredFrom, type QueryCase } from './case.ts'

/** What answers with one row, or reads the ticks as they are. */
export const totals: readonly QueryCase[] = [
  {
    name: 'CVD',
    plainSql: `
      SELECT sum(CASE WHEN side = 'BUY' THEN volume ELSE -volume END) AS cvd,
        sum(CASE WHEN side = 'BUY' THEN volume END) AS buy_volume,
        sum(CASE WHEN side = 'SELL' THEN volume END) AS sell_volume,
        count(*) AS trade_count, ${plainCoveredFrom} AS covered_from
      FROM ticks`,
    query: calculateCvdQuery(),
  },
  {
    name: 'order-flow imbalance',
    plainSql: `
      WITH flow AS (
        SELECT sum(CASE WHEN side = 'BUY' THEN volume END) AS bought,
          sum(CASE WHEN side = 'SELL' THEN volume END) AS sold,
          count(CASE WHEN side = 'BUY' THEN 1 END) AS buys,
          count(CASE WHEN side = 'SELL' THEN 1 END) AS sells
        FROM ticks
      )
      SELECT bought / sold AS ratio, (bought - sold) / (bought + sold) AS imbalance, flow.*,
        ${plainCoveredFrom} AS covered_from
      FROM flow`,
    query: calculateOrderFlowImbalanceQuery(),
  },
  {
    name: 'VWAP with bands',
    plainSql: `
      WITH mean AS (
        SELECT sum(price * volume) / sum(volume) AS vwap, sum(volume) AS volume FROM ticks
      ), spread AS (
        SELECT sqrt(sum(ticks.volume * (price - vwap) ** 2) / any_value(mean.volume)) AS sigma
        FROM ticks, mean
      )
      SELECT vwap, sigma, vwap + sigma, vwap - sigma, vwap + 2 * sigma, vwap - 2 * sigma,
        vwap + 3 * sigma, vwap - 3 * sigma, volume, ${plainCoveredFrom} AS covered_from
      FROM mean, spread`,
    query: calculateVwapQuery(),
  },
  {
    name: 'newest 1,000 ticks',
    plainSql: `
      SELECT timestamp, price, volume, side, trade_id FROM ticks
      ORDER BY timestamp DESC, length(trade_id) DESC, trade_id DESC LIMIT 1000`,
    query: getRecentTicksQuery({ limit: 1000 }),
  },
]
