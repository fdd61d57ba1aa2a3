import {
  calculateDiagonalImbalanceQuery,
  calculateOrderFlowImbalanceQuery,
  calculateStackedImbalanceQuery,
  type OrderFlowImbalance,
} from '../../queries/index.ts'
import { countArgument } from '../arguments.ts'
import { windowOf, type AddCommand } from '../command.ts'
import {
  cellsOf,
  diagonalNames,
  diagonalOf,
  withCellOptions,
  type CellOptions,
} from '../diagonal-options.ts'
import { checkedUsage } from '../failure.ts'
import {
  countText,
  percentText,
  priceDecimals,
  priceText,
  ratioText,
  signedText,
  timeText,
  volumeText,
} from '../figures.ts'
import { coverageLines } from '../coverage.ts'
import { headingLine } from '../heading.ts'
import { listAnswer } from '../list-answer.ts'
import { addPairCommand, onlyRow, type Answer, type PairView } from '../pair-command.ts'

interface ImbalanceOptions extends CellOptions {
  readonly diagonal: boolean
  readonly stacked: boolean
  readonly minStack: number
}

const ofCells = ['timeframe', 'binSize', 'rounding', ...diagonalNames]

export const addImbalanceCommand: AddCommand = (program, context) => {
  addPairCommand<ImbalanceOptions>(program, context, {
    name: 'imbalance',
    configure: (command) =>
      withCellOptions(command)
        .option('--diagonal', 'a side against the opposite one a price further, bar by bar', false)
        .option('--stacked', 'runs of neighbouring diagonal imbalances', false)
        .option('--min-stack <count>', 'shortest run', countArgument, 3),
    modes: { '': [], diagonal: ofCells, stacked: [...ofCells, 'minStack'] },
    answer: async (view, options) => {
      if (options.stacked) return stackedAnswer(view, options)
      if (options.diagonal) return diagonalAnswer(view, options)
      const imbalance = await onlyRow(
        view.query(calculateOrderFlowImbalanceQuery(windowOf(options))),
      )
      return { json: imbalance, lines: () => imbalanceLines(view, options, imbalance) }
    },
  })
}

function imbalanceLines(
  { pair, terminal }: PairView,
  options: ImbalanceOptions,
  imbalance: OrderFlowImbalance,
): string[] {
  const { ink } = terminal
  const { buyVolume, sellVolume, buyCount, sellCount, delta } = imbalance
  const total = buyVolume + sellVolume
  return [
    headingLine({ pair, what: 'order-flow imbalance', ...options }, ink),
    ...(total > 0 ? [sharesLine(buyVolume / total, terminal)] : []),
    `bought  ${volumeText(buyVolume)} in ${countText(buyCount)} trades`,
    `sold    ${volumeText(sellVolume)} in ${countText(sellCount)} trades`,
    `delta   ${(delta < 0 ? ink.sell : ink.buy)(signedText(delta))}`,
    `ratio   ${ratioText(imbalance.imbalanceRatio)}  (bought ÷ sold)`,
    `share   ${percentText(imbalance.tradeImbalance)}  (delta ÷ volume)`,
    ...coverageLines(imbalance),
  ]
}

async function diagonalAnswer(view: PairView, options: ImbalanceOptions): Promise<Answer> {
  const cells = { ...(await cellsOf(view, options)), ...diagonalOf(options) }
  const rows = await view.query(checkedUsage(() => calculateDiagonalImbalanceQuery(cells)))
  const decimals = priceDecimals(rows.map(({ price }) => price))
  return listAnswer(view, options, {
    what: `${options.timeframe} diagonal imbalances`,
    rows,
    columns: [
      { title: 'bar (UTC)', cell: (row) => timeText(row.timestamp), align: 'left' },
      { title: 'side', cell: ({ side }) => sideText(view, side), align: 'left' },
      { title: 'price', cell: (row) => priceText(row.price, decimals) },
      { title: 'dominant', cell: (row) => volumeText(row.dominant) },
      { title: 'opposite', cell: (row) => volumeText(row.opposite) },
      { title: 'ratio', cell: (row) => ratioText(row.ratio) },
    ],
  })
}

async function stackedAnswer(view: PairView, options: ImbalanceOptions): Promise<Answer> {
  const cells = { ...(await cellsOf(view, options)), ...diagonalOf(options) }
  const { minStack } = options
  const query = checkedUsage(() => calculateStackedImbalanceQuery({ ...cells, minStack }))
  const rows = await view.query(query)
  const decimals = priceDecimals(rows.flatMap(({ priceLow, priceHigh }) => [priceLow, priceHigh]))
  return listAnswer(view, options, {
    what: `${options.timeframe} stacked imbalances`,
    rows,
    columns: [
      { title: 'bar (UTC)', cell: (row) => timeText(row.timestamp), align: 'left' },
      { title: 'side', cell: ({ side }) => sideText(view, side), align: 'left' },
      { title: 'low', cell: (row) => priceText(row.priceLow, decimals) },
      { title: 'high', cell: (row) => priceText(row.priceHigh, decimals) },
      { title: 'bins', cell: (row) => countText(row.count) },
      { title: 'dominant', cell: (row) => volumeText(row.dominant) },
    ],
  })
}

function sideText({ terminal }: PairView, side: 'BUY' | 'SELL'): string {
  return (side === 'BUY' ? terminal.ink.buy : terminal.ink.sell)(side)
}

/** Buying and selling as one bar of the terminal's width. */
function sharesLine(buyShare: number, { columns, ink }: PairView['terminal']): string {
  const bought = Math.round(buyShare * columns)
  return ink.buy('█'.repeat(bought)) + ink.sell('░'.repeat(columns - bought))
}
