import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = process.env['PAIRDUCK_ORACLE_DIR'] ?? join(process.cwd(), '..', 'shared', 'oracle')

/** Whether the outside data are here. In CI they must be: there a missing one is an error. */
export const oracleIsHere: boolean = existsSync(folder)

if (!oracleIsHere) {
  if (process.env['CI'] === 'true') throw new Error(`the oracle data are missing: ${folder}`)
  console.warn(`oracle data not found at ${folder}: the tests that need them are skipped`)
}

/** The path of an outside file. */
export function oracleFile(...parts: readonly string[]): string {
  return join(folder, ...parts)
}

/** The rows of an outside CSV file (no quoting in any of them), fields by the header's names. */
export function oracleCsv(...parts: readonly string[]): Record<string, string>[] {
  const [header = '', ...lines] = readFileSync(oracleFile(...parts), 'utf8')
    .trim()
    .split(/\r?\n/)
  const names = header.split(',')
  return lines.map((line) => {
    const fields = line.split(',')
    return Object.fromEntries(names.map((name, index) => [name, fields[index] ?? '']))
  })
}

/** Real trades of 2024-08-08, 23:54 UTC on: 9,757 of BTCUSDT, 6,106 of ETHUSDT. */
export function oracleTrades(symbol: 'BTCUSDT' | 'ETHUSDT'): OracleTrade[] {
  return oracleCsv('trades', `binance_spot_${symbol}_20240808.csv`).map((row) => ({
    timestamp: Number(row['trade_time_ms']),
    price: Number(row['price']),
    volume: Number(row['qty']),
    side: row['buyer_is_maker'] === 'true' ? 'SELL' : 'BUY',
    tradeId: row['trade_id'] ?? '',
  }))
}

export interface OracleTrade {
  timestamp: number
  price: number
  volume: number
  side: 'BUY' | 'SELL'
  tradeId: string
}
