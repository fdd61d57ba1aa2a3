import type { Balance } from '../../mirror/model/balance.ts'
import type { MirroredOrder } from '../../mirror/stored/mirrored-order.ts'
import { isOpen } from '../../mirror/model/order-status.ts'
import type { MirrorEvent } from '../../mirror/read/watch.ts'
import { countText, timeText } from '../figures.ts'
import type { Terminal } from '../terminal.ts'
import { textTable } from '../text-table.ts'
import { decimalCell, orderColumns } from './order-table.ts'

const keptFinished = 5

/** What a screen shows of a mirror, kept up by its events. */
export class LiveAccount {
  readonly #open = new Map<string, MirroredOrder>()
  readonly #balances = new Map<string, Balance>()
  #finished: MirroredOrder[] = []
  #sequence = 0
  #changes = 0

  apply(event: MirrorEvent): void {
    if (event.type === 'snapshot') {
      this.#open.clear()
      this.#balances.clear()
      for (const order of event.openOrders) this.#open.set(order.id, order)
      this.#finished = this.#finished.filter(({ id }) => !this.#open.has(id))
    } else {
      this.#changes += 1
      for (const order of event.orders) this.#follow(order)
      for (const asset of event.gone) this.#balances.delete(asset)
    }
    for (const balance of event.balances) this.#balances.set(balance.asset, balance)
    this.#sequence = event.sequence
  }

  /** The whole screen. */
  lines(title: string, terminal: Pick<Terminal, 'ink' | 'columns' | 'rows'>): string[] {
    const { ink, columns, rows } = terminal
    const sized = { columns, ink }
    const newest = [...this.#open.values()].sort((a, b) => b.updatedMs - a.updatedMs)
    const balances = [...this.#balances.values()].sort((a, b) => (a.asset < b.asset ? -1 : 1))
    const room = Math.max(3, rows - balances.length - keptFinished - 9)
    const section = (name: string, table: string): string[] => ['', ink.strong(name), table]
    return [
      `${title} ${ink.faint(`change ${countText(this.#sequence)}, ${countText(this.#changes)} seen; Ctrl-C stops`)}`,
      ...(newest.length === 0
        ? ['', 'no open orders']
        : section(
            `${countText(newest.length)} open orders`,
            textTable(newest.slice(0, room), orderColumns(ink), sized),
          )),
      ...(this.#finished.length === 0
        ? []
        : section('done last', textTable(this.#finished, orderColumns(ink), sized))),
      ...(balances.length === 0
        ? []
        : section(
            'balances',
            textTable(
              balances,
              [
                { title: 'asset', cell: ({ asset }) => asset, align: 'left' },
                { title: 'free', cell: ({ free }) => decimalCell(free) },
                { title: 'in orders', cell: ({ used }) => decimalCell(used) },
              ],
              sized,
            ),
          )),
    ]
  }

  #follow(order: MirroredOrder): void {
    if (isOpen(order.status)) {
      this.#open.set(order.id, order)
      return
    }
    this.#open.delete(order.id)
    const others = this.#finished.filter(({ id }) => id !== order.id)
    this.#finished = [order, ...others].slice(0, keptFinished)
  }
}

/** What an event says, one line each, for a pipe or a log. */
export function eventLines(event: MirrorEvent): string[] {
  if (event.type === 'snapshot')
    return [
      `snapshot (${event.reason}): ${countText(event.openOrders.length)} open orders, ${countText(event.balances.length)} balances`,
    ]
  return [
    ...event.orders.map(
      ({ updatedMs, id, symbol, side, status, amount, filled, limitPrice, price }) =>
        `${timeText(updatedMs)} order ${id} ${side} ${decimalCell(amount)} ${symbol} at ${decimalCell(limitPrice ?? price)} ${status}, filled ${decimalCell(filled)}`,
    ),
    ...event.balances.map(
      ({ asset, free, used }) =>
        `balance ${asset} ${decimalCell(free)} free, ${decimalCell(used)} in orders`,
    ),
    ...event.gone.map((asset) => `balance ${asset} gone`),
  ]
}
