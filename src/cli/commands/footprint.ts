import type { EChartsCoreOption } from 'echarts/core'
import {
  calculateDiagonalImbalanceQuery,
  calculateFootprintQuery,
  detectUnfinishedAuctionsQuery,
  type DiagonalImbalance,
  type FootprintBar,
} from '../../queries/index.ts'
import { choiceOption, countArgument, numberArgument } from '../arguments.ts'
import { belowName } from '../bar-options.ts'
import { footprintGrid, type FootprintCell } from '../charts/footprint-grid.ts'
import type { AddCommand } from '../command.ts'
import {
  cellsOf,
  diagonalNames,
  diagonalOf,
  withCellOptions,
  type CellOptions,
} from '../diagonal-options.ts'
import { checkedUsage } from '../failure.ts'
import { priceDecimals, priceText, timeText, volumeText } from '../figures.ts'
import { coverageLinesOfRows } from '../coverage.ts'
import { headingLine, headingText } from '../heading.ts'
import { listAnswer } from '../list-answer.ts'
import { addPairCommand, type Answer, type PairView } from '../pair-command.ts'
import { withPictureOption, writePicture, type PictureOptions } from '../picture-file.ts'

type FootprintOptions = CellOptions &
  PictureOptions & {
    readonly limit?: number
    readonly unfinished: boolean
    readonly filter: number
    readonly filterBy: 'opposing' | 'atas'
  }

export const addFootprintCommand: AddCommand = (program, context) => {
  addPairCommand<FootprintOptions>(program, context, {
    name: 'footprint',
    configure: (command) =>
      withPictureOption(withCellOptions(command))
        .option('--limit <count>', 'only the newest bars', countArgument)
        .option('--unfinished', 'auctions that ended with both sides trading at the extreme', false)
        .option(
          '--filter <volume>',
          'volume that an unfinished auction has to exceed',
          numberArgument,
          20,
        )
        .addOption(
          choiceOption('--filter-by <name>', 'the side whose volume is compared with --filter', [
            'opposing',
            'atas',
          ]),
        ),
    modes: { '': ['limit', 'svg', ...diagonalNames], unfinished: ['filter', 'filterBy'] },
    answer: async (view, options) => {
      if (options.unfinished) return unfinishedAnswer(view, options)
      const { limit } = options
      const cells = await cellsOf(view, options)
      const bars = await view.query(checkedUsage(() => calculateFootprintQuery(cells)))
      const shown = limit === undefined ? bars : bars.slice(-limit)
      const diagonal = diagonalOf(options)
      const imbalances = await view.query(
        checkedUsage(() => calculateDiagonalImbalanceQuery({ ...cells, ...diagonal })),
      )
      const { binSize } = cells
      const drawn = { binSize, cells: drawnCells(shown, imbalances, binSize) }
      await writePicture(options, () => picture(view, options, drawn))
      return { json: shown, lines: () => gridLines(view, options, shown, drawn) }
    },
  })
}

async function unfinishedAnswer(view: PairView, options: FootprintOptions): Promise<Answer> {
  const { filter, filterBy: definition } = options
  const cells = await cellsOf(view, options)
  const auctions = await view.query(
    checkedUsage(() => detectUnfinishedAuctionsQuery({ ...cells, filter, definition })),
  )
  const decimals = priceDecimals(auctions.map(({ price }) => price))
  return listAnswer(view, options, {
    what: `${options.timeframe} unfinished auctions`,
    rows: auctions,
    columns: [
      { title: 'bar (UTC)', cell: ({ timestamp }) => timeText(timestamp), align: 'left' },
      { title: 'at the', cell: ({ type }) => type, align: 'left' },
      { title: 'price', cell: ({ price }) => priceText(price, decimals) },
      { title: 'sold', cell: ({ sellVolume }) => volumeText(sellVolume) },
      { title: 'bought', cell: ({ buyVolume }) => volumeText(buyVolume) },
      { title: 'reached again', cell: ({ closedAt }) => timeText(closedAt), align: 'left' },
    ],
  })
}

interface Drawn {
  readonly binSize: number
  readonly cells: readonly FootprintCell[]
}

/** The cells of all bars, with the sides that dominate where one does. */
function drawnCells(
  bars: readonly FootprintBar[],
  imbalances: readonly DiagonalImbalance[],
  binSize: number,
): FootprintCell[] {
  const key = (timestamp: number, price: number): string =>
    `${timestamp}:${Math.round(price / binSize)}`
  const marked = new Map<string, ('buy' | 'sell')[]>()
  for (const { timestamp, price, side } of imbalances) {
    const sides = marked.get(key(timestamp, price)) ?? []
    marked.set(key(timestamp, price), [...sides, side === 'BUY' ? 'buy' : 'sell'])
  }
  return bars.flatMap(({ timestamp, bins }) =>
    bins.map(({ price, buyVolume, sellVolume }) => ({
      timestamp,
      price,
      buyVolume,
      sellVolume,
      imbalance: marked.get(key(timestamp, price)) ?? [],
    })),
  )
}

function gridLines(
  { pair, terminal }: PairView,
  options: FootprintOptions,
  bars: readonly FootprintBar[],
  { cells, binSize }: Drawn,
): string[] {
  const { columns, rows, ink } = terminal
  return [
    headingLine({ pair, what: `${options.timeframe} footprint`, ...options }, ink),
    ...footprintGrid(cells, binSize, { columns, rows: rows - 2, ink }),
    ...coverageLinesOfRows(bars),
  ]
}

async function picture(
  { pair }: PairView,
  { timeframe, rounding, from, to, asOf }: FootprintOptions,
  { binSize, cells }: Drawn,
): Promise<EChartsCoreOption> {
  const { footprintPicture } = await import('../pictures/footprint-picture.ts')
  return footprintPicture({
    title: `${pair} ${timeframe} footprint`,
    subtitle: `${headingText({ pair, what: 'sold × bought', from, to, asOf })}; framed: most volume of the bar; bold: imbalance`,
    binSize,
    // The picture has a scale of prices, and a bin begins below its name.
    cells: cells.map((cell) => ({ ...cell, price: cell.price - belowName(rounding, binSize) })),
  })
}
