import {
  candlesFromTicksQuery,
  getCandlesQuery,
  type Coverage,
  type StoredCandle,
} from '../../queries/index.ts'
import { choiceOption, countArgument } from '../arguments.ts'
import {
  withSourceOption,
  withTimeframeOptions,
  type SourceOptions,
  type TimeframeOptions,
} from '../bar-options.ts'
import { candlePictureOf, spokenCandles } from '../candle-view.ts'
import { candleChart } from '../charts/candle-chart.ts'
import { query } from '../../queries/query.ts'
import { heldSpansSql } from '../../schema/bar-sources.ts'
import { windowOf, type AddCommand } from '../command.ts'
import { timeText } from '../figures.ts'
import { checkedUsage, UsageError } from '../failure.ts'
import { coverageLines, coverageOfList } from '../coverage.ts'
import { headingLine } from '../heading.ts'
import { addPairCommand, type PairView } from '../pair-command.ts'
import { withPictureOption, writePicture, type PictureOptions } from '../picture-file.ts'

type CandlesOptions = TimeframeOptions &
  SourceOptions &
  PictureOptions & { readonly limit?: number; readonly fill: 'none' | 'previous' }

export const addCandlesCommand: AddCommand = (program, context) => {
  addPairCommand<CandlesOptions>(program, context, {
    name: 'candles',
    configure: (command) =>
      withPictureOption(
        withSourceOption(withTimeframeOptions(command))
          .option('--limit <count>', 'only the newest', countArgument)
          .addOption(
            choiceOption('--fill <rule>', 'bars without trades: left out, or flat', [
              'none',
              'previous',
            ]),
          ),
      ),
    answer: async (view, options) => {
      const candles = await candlesOf(view, options)
      await writePicture(options, () => candlePictureOf(view, options, candles))
      const coverage = await coverageOfCandles(view, options, candles)
      const held = candles.length === 0 ? await heldLines(view) : []
      const lines = (): string[] => [...candleLines(view, options, candles, coverage), ...held]
      return { json: candles, lines }
    },
  })
}

/** Flat bars stand between traded ones alone, so they are folded from the ticks. */
async function candlesOf(view: PairView, options: CandlesOptions): Promise<StoredCandle[]> {
  const { timeframe, source, limit, fill } = options
  const window = windowOf(options)
  if (fill === 'none')
    return view.query(checkedUsage(() => getCandlesQuery({ timeframe, source, limit, ...window })))
  if (source === 'candles') throw new UsageError('--fill previous goes with --source ticks')
  const filled = await view.query(
    checkedUsage(() => candlesFromTicksQuery({ timeframe, fill, ...window })),
  )
  return limit === undefined ? filled : filled.slice(-limit)
}

/** Of the newest bars alone, where those were asked for. */
function coverageOfCandles(
  view: PairView,
  { timeframe, source, limit, fill, ...options }: CandlesOptions,
  candles: readonly StoredCandle[],
): Promise<Coverage> {
  const from = limit === undefined ? options.from : candles[0]?.timestamp
  const bars = { timeframe, source: fill === 'none' ? source : 'ticks' } as const
  const window = { ...options, ...(from !== undefined && { from }) }
  return coverageOfList(view, window, candles, bars)
}

interface Held {
  readonly name: string
  readonly from: number
  readonly to: number
}

/** For an answer that is empty: what the pair holds, and from when to when. */
async function heldLines({ query: ask, terminal }: PairView): Promise<string[]> {
  const held = await ask(query<Held>('held', heldSpansSql))
  return held.map(({ name, from, to }) =>
    terminal.ink.faint(`stored: ${name} from ${timeText(from)} to ${timeText(to)} UTC`),
  )
}

function candleLines(
  { pair, terminal }: PairView,
  { timeframe, asOf }: CandlesOptions,
  candles: readonly StoredCandle[],
  coverage: Coverage,
): string[] {
  const { columns, rows, ink } = terminal
  return [
    headingLine({ ...spokenCandles(pair, timeframe, candles), asOf }, ink),
    ...candleChart(candles, { columns, rows: rows - 4, ink }),
    ...coverageLines(coverage),
  ]
}
