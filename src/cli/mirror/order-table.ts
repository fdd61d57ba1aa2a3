import { compareText, divideText } from '../../mirror/model/decimal.ts'
import type { MirroredOrder } from '../../mirror/stored/mirrored-order.ts'
import { percentText, timeText } from '../figures.ts'
import type { Ink } from '../ink.ts'
import type { TableColumn } from '../text-table.ts'

/** The fields of an order and its history that are decimals. */
export const orderDecimals: readonly string[] = [
  'amount',
  'filled',
  'limitPrice',
  'triggerPrice',
  'price',
  'notional',
  'reservedNotional',
  'fee',
  'feeRate',
  'amountRemaining',
]

/** Orders as a table for people; decimals as the exchange wrote them, without empty digits. */
export function orderColumns(ink: Ink): TableColumn<MirroredOrder>[] {
  return [
    { title: 'id', cell: ({ id }) => id, align: 'left' },
    { title: 'symbol', cell: ({ symbol }) => symbol, align: 'left' },
    {
      title: 'side',
      cell: ({ side }) => (side === 'buy' ? ink.buy(side) : ink.sell(side)),
      align: 'left',
    },
    { title: 'type', cell: ({ type, sourceType }) => sourceType ?? type, align: 'left' },
    { title: 'price', cell: ({ limitPrice, price }) => decimalCell(limitPrice ?? price) },
    { title: 'amount', cell: ({ amount }) => decimalCell(amount) },
    { title: 'filled', cell: filledShare },
    { title: 'status', cell: ({ status }) => status, align: 'left' },
    { title: 'updated (UTC)', cell: ({ updatedMs }) => timeText(updatedMs), align: 'left' },
  ]
}

/** A decimal for people: `1.10000000` as `1.1`. */
export function decimalCell(text: string | null): string {
  if (text === null) return '–'
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

function filledShare({ filled, amount }: MirroredOrder): string {
  if (compareText(filled, '0') === 0) return '–'
  return percentText(Number(divideText(filled, amount, 6) ?? '0'))
}
