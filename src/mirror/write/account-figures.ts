import { addText } from '../model/decimal.ts'
import type { DecimalText } from '../model/decimal.ts'
import { tradeFigures } from '../stored/keys.ts'
import type { MirrorKeys } from '../stored/keys.ts'
import type { SideSums, SymbolSums } from '../model/fill-sums.ts'
import type { Transfer, TransferTotals } from '../model/transfer.ts'
import type { UnitCommands } from './unit-commands.ts'

/** What the statistics of one symbol and side are written from. */
export interface TradeFigures {
  readonly side: 'buy' | 'sell'
  readonly sums: SideSums
  readonly fees: ReadonlyMap<string, DecimalText>
}

/**
 * Adds the trade figures of one symbol and side, absolute. Fees are summed over all quotes of the
 * base asset, as the one key that they share holds them.
 */
export function addTradeFigures(
  commands: UnitCommands,
  keys: MirrorKeys,
  { sums, side, fees }: TradeFigures,
  symbol: string,
): void {
  if (sums.count === 0) return
  const [base = '', quote = ''] = symbol.split('/')
  const values = {
    count: [quote, String(sums.count)],
    amount: [quote, sums.amount],
    notional: [quote, sums.notional],
    fee: [...fees].flat(),
  }
  for (const figure of tradeFigures) {
    if (values[figure].length === 0) continue
    const key = keys.trades(side, base, figure)
    commands.add('HSET', key, values[figure])
    commands.add('SADD', keys.tradesIndex(figure), [key])
  }
}

/** The fees of all symbols of a base asset on one side. */
export function feesOf(
  sums: Iterable<readonly [symbol: string, sums: SymbolSums]>,
  base: string,
  side: 'buy' | 'sell',
): Map<string, DecimalText> {
  const fees = new Map<string, DecimalText>()
  for (const [symbol, of] of sums) {
    if (!symbol.startsWith(`${base}/`)) continue
    for (const [asset, fee] of of[side].fees) {
      const known = fees.get(asset)
      fees.set(asset, known === undefined ? fee : addText(known, fee))
    }
  }
  return fees
}

/** Adds what was deposited or withdrawn of one asset, absolute. */
export function addTransferFigures(
  commands: UnitCommands,
  keys: MirrorKeys,
  refCurrency: string,
  { type, asset }: Pick<Transfer, 'type' | 'asset'>,
  { quantity, refValue }: TransferTotals,
): void {
  const key = keys.transferTotals(type, asset)
  const fields = ['ref_symbol', refCurrency, 'asset_quantity', quantity, 'ref_value', refValue]
  commands.add('HSET', key, fields)
  commands.add('SADD', keys.transferIndex(type), [key])
}
