import { addText } from '../model/decimal.ts'
import type { DecimalText } from '../model/decimal.ts'
import { tradeFigures } from '../stored/keys.ts'
import type { MirrorKeys } from '../stored/keys.ts'
import type { MirrorState } from './mirror-state.ts'
import type { Transfer, TransferTotals } from '../model/transfer.ts'
import type { UnitCommands } from './unit-commands.ts'

/**
 * Adds the trade figures of one symbol and side, absolute, from its fills. Fees are summed over
 * all quotes of the base asset, as the one key that they share holds them.
 */
export function addTradeFigures(
  commands: UnitCommands,
  keys: MirrorKeys,
  state: MirrorState,
  symbol: string,
  side: 'buy' | 'sell',
): void {
  const totals = state.ledger(symbol).totals(side)
  if (totals === undefined) return
  const [base = '', quote = ''] = symbol.split('/')
  const values = {
    count: [quote, String(totals.count)],
    amount: [quote, totals.amount],
    notional: [quote, totals.notional],
    fee: [...feesOf(state, new Set([...state.symbolsOf(base), symbol]), side)].flat(),
  }
  for (const figure of tradeFigures) {
    if (values[figure].length === 0) continue
    const key = keys.trades(side, base, figure)
    commands.add('HSET', key, values[figure])
    commands.add('SADD', keys.tradesIndex(figure), [key])
  }
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

function feesOf(
  state: MirrorState,
  symbols: Iterable<string>,
  side: 'buy' | 'sell',
): Map<string, DecimalText> {
  const fees = new Map<string, DecimalText>()
  for (const symbol of symbols) {
    for (const [asset, fee] of state.ledger(symbol).totals(side)?.fees ?? [])
      fees.set(asset, addText(fees.get(asset) ?? '0', fee))
  }
  return fees
}
