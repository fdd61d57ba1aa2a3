import { addText, multiplyText } from '../model/decimal.ts'
import type { DecimalText } from '../model/decimal.ts'
import type { Ticker } from '../model/ticker.ts'
import { transferField, transferKind } from '../model/transfer.ts'
import type { Transfer, TransferTotals } from '../model/transfer.ts'
import type { MirrorState } from './mirror-state.ts'
import type { UnitContents } from './unit-contents.ts'

/** The part of a unit that has to do with deposits and withdrawals. */
export type TransferContents = Pick<UnitContents, 'transfers' | 'removedTransfers' | 'transferSums'>

/** What a unit writes of deposits and withdrawals: each counts once, at the first price known. */
export class TransferPlan {
  readonly #state: MirrorState
  readonly #refCurrency: string
  readonly #priceOf: (symbol: string) => DecimalText | undefined
  readonly #transfers = new Map<string, Transfer>()
  readonly #removed = new Map<string, Transfer>()
  readonly #sums = new Map<string, TransferTotals>()

  constructor(
    state: MirrorState,
    refCurrency: string,
    priceOf: (symbol: string) => DecimalText | undefined,
  ) {
    this.#state = state
    this.#refCurrency = refCurrency
    this.#priceOf = priceOf
  }

  get contents(): TransferContents {
    return {
      transfers: this.#transfers,
      removedTransfers: this.#removed,
      transferSums: this.#sums,
    }
  }

  get size(): number {
    return this.#transfers.size + this.#removed.size
  }

  get isEmpty(): boolean {
    return this.size + this.#sums.size === 0
  }

  add(next: Omit<Transfer, 'refValue'>): boolean {
    const field = transferField(next)
    if (this.#transfers.has(field) || this.#state.transfers.has(field)) return false
    if (next.timestamp < this.#state.transfersBefore) return false
    this.rewrite({ ...next, refValue: this.#worth(next.asset, next.amount) })
    return true
  }

  rewrite(transfer: Transfer): void {
    this.#transfers.set(transferField(transfer), transfer)
  }

  rewriteSums(kind: string, totals: TransferTotals): void {
    this.#sums.set(kind, totals)
  }

  /** Takes a transfer out; what it came to stays in the sums. */
  remove(transfer: Transfer): void {
    this.#removed.set(transferField(transfer), transfer)
    const kind = transferKind(transfer)
    const { quantity, refValue } = this.#sums.get(kind) ??
      this.#state.removedTransfers.get(kind) ?? { quantity: '0', refValue: '0' }
    this.#sums.set(kind, {
      quantity: addText(quantity, transfer.amount),
      refValue: addText(refValue, transfer.refValue ?? '0'),
    })
  }

  /** The first price of an asset gives their worth to the transfers that came before it. */
  value({ symbol, price }: Ticker): void {
    const [asset = '', ...quote] = symbol.split('/')
    if (quote.join('/') !== this.#refCurrency) return
    const known = this.#state.unvalued.get(asset)?.values() ?? []
    for (const transfer of [...known, ...this.#transfers.values()]) {
      const latest = this.#transfers.get(transferField(transfer)) ?? transfer
      if (latest.asset === asset && latest.refValue === null)
        this.rewrite({ ...latest, refValue: multiplyText(latest.amount, price) })
    }
  }

  #worth(asset: string, amount: DecimalText): DecimalText | null {
    if (asset === this.#refCurrency) return amount
    const price = this.#priceOf(`${asset}/${this.#refCurrency}`)
    return price === undefined ? null : multiplyText(amount, price)
  }
}
