import {
  calculateTradeSizeBucketsQuery,
  detectLargeTradesQuery,
  detectSpeedOfTapeQuery,
  getRecentTicksQuery,
} from '../../queries/index.ts'
import { choiceOption, countArgument, numberArgument, positiveArgument } from '../arguments.ts'
import { withWindowOptions, windowOf, type AddCommand, type WindowOptions } from '../command.ts'
import { checkedUsage, UsageError } from '../failure.ts'
import {
  countText,
  priceDecimals,
  priceText,
  signedText,
  timeText,
  volumeText,
} from '../figures.ts'
import { listAnswer } from '../list-answer.ts'
import { addPairCommand, type Answer, type PairView } from '../pair-command.ts'
import type { TableColumn } from '../text-table.ts'

interface TradesOptions extends WindowOptions {
  readonly limit: number
  readonly large: boolean
  readonly sizes: boolean
  readonly speed: boolean
  readonly measure: 'volume' | 'notional'
  readonly minSize?: number
  readonly quantile?: number
}

export const addTradesCommand: AddCommand = (program, context) => {
  addPairCommand<TradesOptions>(program, context, {
    name: 'trades',
    description: 'The newest trades; or the large ones, volume by trade size, bursts of the tape.',
    configure: (command) =>
      withWindowOptions(command)
        .option('--limit <count>', 'how many of the newest', countArgument, 20)
        .option('--large', 'large trades, by --min-size or --quantile', false)
        .option('--sizes', 'volume by the size of the trades', false)
        .option('--speed', 'the seconds in which the tape ran faster than usual', false)
        .addOption(choiceOption('--measure <what>', 'size of a trade', ['volume', 'notional']))
        .option('--min-size <size>', 'from here on a trade is large', positiveArgument)
        .option('--quantile <part>', 'of all trades (default: 0.99)', numberArgument),
    answer: (view, options) => {
      if ([options.large, options.sizes, options.speed].filter(Boolean).length > 1)
        throw new UsageError('give one of --large, --sizes and --speed')
      if (options.large) return largeAnswer(view, options)
      if (options.sizes) return sizesAnswer(view, options)
      return options.speed ? speedAnswer(view, options) : newestAnswer(view, options)
    },
  })
}

interface Listed {
  readonly timestamp: number
  readonly price: number
  readonly volume: number
  readonly side: 'BUY' | 'SELL'
  readonly tradeId: string | null
}

async function newestAnswer(view: PairView, options: TradesOptions): Promise<Answer> {
  const { limit } = options
  const trades = await view.query(
    checkedUsage(() => getRecentTicksQuery({ limit, ...windowOf(options) })),
  )
  return listAnswer(view, options, {
    what: 'newest trades',
    rows: trades,
    columns: tradeColumns(view, trades),
  })
}

async function largeAnswer(view: PairView, options: TradesOptions): Promise<Answer> {
  const { measure, minSize, quantile } = options
  const trades = await view.query(
    checkedUsage(() =>
      detectLargeTradesQuery({ measure, minSize, quantile, ...windowOf(options) }),
    ),
  )
  return listAnswer(view, options, {
    what: 'large trades',
    rows: trades,
    columns: tradeColumns(view, trades),
  })
}

async function sizesAnswer(view: PairView, options: TradesOptions): Promise<Answer> {
  const { measure } = options
  const buckets = await view.query(
    checkedUsage(() => calculateTradeSizeBucketsQuery({ measure, ...windowOf(options) })),
  )
  return listAnswer(view, options, {
    what: `volume by trade size (${measure})`,
    rows: buckets,
    columns: [
      { title: 'from', cell: ({ sizeFrom }) => volumeText(sizeFrom) },
      { title: 'below', cell: ({ sizeTo }) => volumeText(sizeTo) },
      { title: 'bought', cell: ({ buyVolume }) => volumeText(buyVolume) },
      { title: 'sold', cell: ({ sellVolume }) => volumeText(sellVolume) },
      { title: 'delta', cell: ({ delta }) => signedText(delta) },
      { title: 'trades', cell: ({ buyCount, sellCount }) => countText(buyCount + sellCount) },
    ],
  })
}

async function speedAnswer(view: PairView, options: TradesOptions): Promise<Answer> {
  const seconds = await view.query(checkedUsage(() => detectSpeedOfTapeQuery(windowOf(options))))
  const bursts = seconds.filter(({ signal }) => signal)
  const answer = listAnswer(view, options, {
    what: 'bursts of the tape (volume of 10 s)',
    rows: bursts,
    columns: [
      { title: 'second (UTC)', cell: ({ timestamp }) => timeText(timestamp), align: 'left' },
      { title: 'speed', cell: ({ speed }) => volumeText(speed) },
      { title: 'usual × 1.5', cell: ({ threshold }) => volumeText(threshold) },
      { title: 'delta', cell: ({ delta }) => signedText(delta) },
    ],
  })
  return { ...answer, json: bursts }
}

function tradeColumns({ terminal }: PairView, trades: readonly Listed[]): TableColumn<Listed>[] {
  const decimals = priceDecimals(trades.map(({ price }) => price))
  const { buy, sell } = terminal.ink
  return [
    { title: 'time (UTC)', cell: ({ timestamp }) => timeText(timestamp), align: 'left' },
    { title: 'side', cell: ({ side }) => (side === 'BUY' ? buy : sell)(side), align: 'left' },
    { title: 'price', cell: ({ price }) => priceText(price, decimals) },
    { title: 'volume', cell: ({ volume }) => volumeText(volume) },
    { title: 'id', cell: ({ tradeId }) => tradeId ?? '–' },
  ]
}
