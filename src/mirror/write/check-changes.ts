import { PairduckError, shown } from '../../errors.ts'
import { readBalance } from '../model/balance.ts'
import type { BalanceInput } from '../model/balance.ts'
import type { Change } from './change.ts'
import { readFill } from '../model/fill.ts'
import type { FillInput } from '../model/fill.ts'
import type { OrderInput } from '../model/order.ts'
import { readOrder } from '../model/read-order.ts'
import { readTicker } from '../model/ticker.ts'
import type { TickerInput } from '../model/ticker.ts'
import { readTransfer } from '../model/transfer.ts'
import type { TransferInput } from '../model/transfer.ts'

/** How the inputs of each kind become changes; each throws INVALID_ORDER or INVALID_EVENT. */
export const toChange = {
  order: (input: OrderInput, derivatives: boolean): Change => ({
    kind: 'order',
    order: readOrder(input, derivatives),
  }),
  fill: (input: FillInput, derivatives: boolean): Change => ({
    kind: 'fill',
    fill: readFill(input, derivatives),
  }),
  balance: (input: BalanceInput): Change => ({ kind: 'balance', balance: readBalance(input) }),
  ticker:
    (nowMs: number) =>
    (input: TickerInput, derivatives: boolean): Change => ({
      kind: 'ticker',
      ticker: readTicker(input, derivatives, nowMs),
    }),
  /** A transfer that is not done changes nothing. */
  transfer: (input: TransferInput): Change | undefined => {
    const transfer = readTransfer(input)
    return transfer && { kind: 'transfer', transfer }
  },
} as const

/** Checks each input; a refusal is put aside and harms no other. */
export function checkedChanges<Input>(
  inputs: readonly Input[],
  check: (input: Input, derivatives: boolean) => Change | undefined,
  derivatives: boolean,
  refused: PairduckError[],
): Change[] {
  if (!Array.isArray(inputs)) throw new TypeError(`expected a list, got ${shown(inputs)}`)
  const changes: Change[] = []
  for (const input of inputs as readonly Input[]) {
    try {
      const change = check(input, derivatives)
      if (change !== undefined) changes.push(change)
    } catch (error) {
      if (!(error instanceof PairduckError)) throw error
      refused.push(error)
    }
  }
  return changes
}
