import { idSpaces } from '../../schema/id-spaces.ts'
import { shapeOf } from './shapes.ts'

/** Which of an exchange's ids a file of trades has, told by its columns; undefined where nothing tells. */
export function fileIdSpace(of: {
  readonly present: readonly string[]
  readonly samples: (column: string) => readonly string[]
  /** The column that the ids are read from. */
  readonly idColumn: string | undefined
}): string | undefined {
  const { present, samples, idColumn } = of
  if (idColumn === undefined) return undefined
  if (idColumn === 'agg_trade_id') return idSpaces.binanceAggregates
  if (idColumn === 'id' && binanceTradeColumns.every((name) => present.includes(name)))
    return idSpaces.binanceTrades
  if (idColumn !== present[0] || !/^column\d+$/.test(idColumn)) return undefined
  const { name = '' } = shapeOf('trades', present.map(samples)) ?? {}
  if (/^binance-.*-aggregates$/.test(name)) return idSpaces.binanceAggregates
  return /^binance-.*-trades$/.test(name) ? idSpaces.binanceTrades : undefined
}

/** The header of Binance's files of single trades. */
const binanceTradeColumns = ['price', 'qty', 'is_buyer_maker']
