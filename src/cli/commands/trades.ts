import {
  calculateTradeSizeBucketsQuery,
  detectLargeTradesQuery,
  detectSpeedOfTapeQuery,
  getRecentTicksQuery,
  type Query,
  type TradeSizeBucket,
} from '../../queries/index.ts'
import { Option } from 'commander'
import { visible } from '../../errors.ts'
import type { StoredTick } from '../../schema/rows.ts'
import type { Timeframe } from '../../time.ts'
import {
  countArgument,
  numberArgument,
  numbersArgument,
  positiveArgument,
  timeframeArgument,
} from '../arguments.ts'
import {
  withWindowOptions,
  windowOf,
  type AddCommand,
  type CommonOptions,
  type WindowOptions,
} from '../command.ts'
import type { CliContext } from '../context.ts'
import { followTrades } from '../follow-trades.ts'
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
  readonly follow: boolean
  readonly large: boolean
  readonly sizes: boolean
  readonly speed: boolean
  readonly measure?: 'volume' | 'notional' | 'ticks' | 'buys' | 'sells' | 'delta'
  readonly side?: 'both' | 'BUY' | 'SELL'
  readonly minSize?: number
  readonly quantile?: number
  readonly bounds?: readonly number[]
  readonly quantiles?: readonly number[]
  readonly timeframe?: Timeframe
  readonly seconds?: number
  readonly averageOf?: number
  readonly factor?: number
  readonly threshold?: number
}

const measureOption = new Option(
  '--measure <what>',
  'what a size is, volume or notional; with --speed any but notional (default: volume)',
).choices(['volume', 'notional', 'ticks', 'buys', 'sells', 'delta'])

export const addTradesCommand: AddCommand = (program, context) => {
  addPairCommand<TradesOptions>(program, context, {
    name: 'trades',
    configure: (command) =>
      withWindowOptions(command)
        .option('--limit <count>', 'how many of the newest', countArgument, 20)
        .option('--follow', 'go on with each trade that another process stores', false)
        .option('--large', 'large trades, by --min-size or --quantile', false)
        .option('--sizes', 'volume by the size of the trades', false)
        .option('--speed', 'the seconds in which the tape ran faster than usual', false)
        .addOption(measureOption)
        .addOption(new Option('--side <side>', 'of large trades').choices(['both', 'BUY', 'SELL']))
        .option('--min-size <size>', 'with --large: trades of at least this size', positiveArgument)
        .option(
          '--quantile <part>',
          'with --large: trades of at least this quantile (default: 0.99)',
          numberArgument,
        )
        .option('--bounds <list>', 'with --sizes: sizes at which a bucket begins', numbersArgument)
        .option(
          '--quantiles <list>',
          'with --sizes: the same by quantile (default: 0.5,0.9,0.99)',
          numbersArgument,
        )
        .option('--timeframe <length>', 'with --sizes: buckets of each bar', timeframeArgument)
        .option('--seconds <count>', 'with --speed: length of the sum (default: 10)', countArgument)
        .option(
          '--average-of <count>',
          'with --speed: how many speeds make the usual one (default: 20)',
          countArgument,
        )
        .option(
          '--factor <times>',
          'with --speed: how many times the usual one counts (default: 1.5)',
          positiveArgument,
        )
        .option('--threshold <speed>', 'with --speed: a fixed bound instead', positiveArgument),
    modes: {
      '': ['limit', 'follow'],
      large: ['measure', 'side', 'minSize', 'quantile'],
      sizes: ['measure', 'bounds', 'quantiles', 'timeframe'],
      speed: ['measure', 'seconds', 'averageOf', 'factor', 'threshold'],
    },
    answer: (view, options) => {
      if (options.large) return largeAnswer(view, options)
      if (options.sizes) return sizesAnswer(view, options)
      return options.speed ? speedAnswer(view, options) : newestAnswer(view, options)
    },
    goOn: ({ json }, options, pair) =>
      options.follow
        ? followFrom(json as readonly StoredTick[], options, pair, context)
        : undefined,
  })
}

interface Listed {
  readonly timestamp: number
  readonly price: number
  readonly volume: number
  readonly side: 'BUY' | 'SELL'
  readonly tradeId: string | null
}

function newestAnswer(view: PairView, options: TradesOptions): Promise<Answer> {
  const { limit } = options
  const query = checkedUsage(() => getRecentTicksQuery({ limit, ...windowOf(options) }))
  return tradesAnswer(view, options, 'newest trades', query)
}

/** The newest trades, the older first, then each one as it is stored. */
async function followFrom(
  newestFirst: readonly StoredTick[],
  options: CommonOptions & WindowOptions,
  pair: string,
  { terminal, signal }: CliContext,
): Promise<void> {
  const { dataDir, json } = options
  const show = (ticks: readonly StoredTick[]): void => {
    const { buy, sell } = terminal.ink
    for (const tick of ticks) {
      const { timestamp, side, price, volume, tradeId } = tick
      const ink = side === 'BUY' ? buy : sell
      terminal.print(
        json
          ? JSON.stringify(tick)
          : `${timeText(timestamp)}  ${ink(side.padEnd(4))}  ${price}  ${volumeText(volume)}  ${visible(tradeId ?? '–')}`,
      )
    }
  }
  show(newestFirst.toReversed())
  const note = (text: string): void => terminal.note(text)
  const cursor = await cursorBehind(newestFirst, windowOf(options))
  await followTrades({ dataDir, pair, cursor, signal, show, note })
}

/** Where following begins; undefined where a window hides which trade is the newest. */
async function cursorBehind(
  newestFirst: readonly StoredTick[],
  window: WindowOptions,
): Promise<string | undefined> {
  const { beforeAll, cursorAfter } = await import('../../serve/routes/follow-ticks.ts')
  if (newestFirst.length > 0) return cursorAfter(newestFirst.toReversed())
  return Object.keys(window).length === 0 ? beforeAll : undefined
}

function largeAnswer(view: PairView, options: TradesOptions): Promise<Answer> {
  const { minSize, quantile, side } = options
  const measure = sizeOf(options)
  const query = checkedUsage(() =>
    detectLargeTradesQuery({ measure, side, minSize, quantile, ...windowOf(options) }),
  )
  return tradesAnswer(view, options, 'large trades', query)
}

async function tradesAnswer(
  view: PairView,
  options: TradesOptions,
  what: string,
  query: Query<Listed>,
): Promise<Answer> {
  const trades = await view.query(query)
  return listAnswer(view, options, { what, rows: trades, columns: tradeColumns(view, trades) })
}

async function sizesAnswer(view: PairView, options: TradesOptions): Promise<Answer> {
  const { bounds, quantiles, timeframe } = options
  const measure = sizeOf(options)
  const buckets = await view.query(
    checkedUsage(() =>
      calculateTradeSizeBucketsQuery({
        measure,
        bounds,
        quantiles,
        timeframe,
        ...windowOf(options),
      }),
    ),
  )
  return listAnswer(view, options, {
    what: `volume by trade size (${measure})`,
    rows: buckets,
    columns: [
      ...(timeframe === undefined ? [] : [barColumn]),
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
  const { measure = 'volume', seconds = 10, averageOf, factor, threshold } = options
  if (measure === 'notional')
    throw new UsageError('--measure notional goes with --large or --sizes')
  const speeds = await view.query(
    checkedUsage(() =>
      detectSpeedOfTapeQuery({
        measure,
        seconds,
        averageOf,
        factor,
        threshold,
        ...windowOf(options),
      }),
    ),
  )
  const bursts = speeds.filter(({ signal }) => signal)
  return listAnswer(view, options, {
    what: `bursts of the tape (${measure} of ${seconds} s)`,
    rows: bursts,
    columns: [
      { title: 'second (UTC)', cell: ({ timestamp }) => timeText(timestamp), align: 'left' },
      { title: 'speed', cell: ({ speed }) => volumeText(speed) },
      { title: 'more than', cell: ({ threshold }) => volumeText(threshold) },
      { title: 'delta', cell: ({ delta }) => signedText(delta) },
    ],
  })
}

const barColumn: TableColumn<TradeSizeBucket> = {
  title: 'bar (UTC)',
  cell: ({ timestamp }) => timeText(timestamp),
  align: 'left',
}

/** What a size is of; the other measures are of the speed of the tape. */
function sizeOf({ measure = 'volume' }: TradesOptions): 'volume' | 'notional' {
  if (measure === 'volume' || measure === 'notional') return measure
  throw new UsageError(`--measure ${measure} goes with --speed`)
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
