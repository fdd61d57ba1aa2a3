import type { EChartsCoreOption } from 'echarts/core'
import {
  calculateVwapBarsQuery,
  calculateVwapQuery,
  getCandlesQuery,
  type Vwap,
  type VwapBar,
} from '../../queries/index.ts'
import type { Timeframe } from '../../time.ts'
import { numbersArgument, resetArgument, timeframeArgument } from '../arguments.ts'
import { tickExtent, timeframeForWidth } from '../bar-options.ts'
import { withWindowOptions, windowOf, type AddCommand, type WindowOptions } from '../command.ts'
import { checkedUsage, UsageError } from '../failure.ts'
import { priceText, timeText, volumeText } from '../figures.ts'
import { coverageLines, coverageLinesOfRows } from '../coverage.ts'
import { headingLine, headingText } from '../heading.ts'
import { addPairCommand, onlyRow, type PairView } from '../pair-command.ts'
import { withPictureOption, writePicture, type PictureOptions } from '../picture-file.ts'
import { checkSessionStart } from '../session-start.ts'
import { textTable } from '../text-table.ts'

interface VwapOptions extends WindowOptions, PictureOptions {
  readonly timeframe?: Timeframe
  readonly bands: readonly number[]
  readonly reset: 'none' | 'session' | number
  readonly sessionStart?: string
}

export const addVwapCommand: AddCommand = (program, context) => {
  addPairCommand<VwapOptions>(program, context, {
    name: 'vwap',
    configure: (command) =>
      withPictureOption(withWindowOptions(command))
        .option(
          '--timeframe <length>',
          'a list: the average as it stood at the close of each bar of this length',
          timeframeArgument,
        )
        .option('--bands <list>', 'in standard deviations', numbersArgument, [1, 2, 3])
        .option(
          '--reset <when>',
          'begin anew: none, session, or every N bars',
          resetArgument,
          'none',
        )
        .option('--session-start <hh:mm>', 'when a session begins, UTC (default: 00:00)'),
    answer: async (view, options) => {
      const { timeframe, bands, reset, svg } = options
      checkSessionStart(options)
      if (reset !== 'none' && timeframe === undefined && svg === undefined)
        throw new UsageError('--reset goes with --timeframe or --svg')
      await writePicture(options, () => picture(view, options))
      if (timeframe === undefined) {
        const vwap = await onlyRow(
          view.query(checkedUsage(() => calculateVwapQuery({ bands, ...windowOf(options) }))),
        )
        return { json: vwap, lines: () => totalLines(view, options, vwap) }
      }
      const bars = await barsOf(view, options, timeframe)
      return { json: bars, lines: () => barLines(view, options, bars) }
    },
  })
}

function barsOf(view: PairView, options: VwapOptions, timeframe: Timeframe): Promise<VwapBar[]> {
  const { bands, reset, sessionStart } = options
  return view.query(
    checkedUsage(() =>
      calculateVwapBarsQuery({ timeframe, bands, reset, sessionStart, ...windowOf(options) }),
    ),
  )
}

/** More points than this would be thinner than a line. */
const picturePoints = 600

async function picture(view: PairView, options: VwapOptions): Promise<EChartsCoreOption> {
  const { vwapPicture } = await import('../pictures/vwap-picture.ts')
  const { oldest, newest } = await tickExtent(view, options)
  const spanMs = (newest ?? 0) - (oldest ?? 0)
  const { timeframe = timeframeForWidth(spanMs, picturePoints) } = options
  const bars = await barsOf(view, options, timeframe)
  const closes = await view.query(
    getCandlesQuery({ timeframe, source: 'ticks', ...windowOf(options) }),
  )
  const closeOf = new Map(closes.map(({ timestamp, close }) => [timestamp, close]))
  const from = options.from ?? bars[0]?.timestamp
  const to = options.to ?? bars.at(-1)?.knownAt
  return vwapPicture({
    title: `${view.pair} VWAP`,
    subtitle: headingText({ pair: view.pair, what: `${timeframe} VWAP`, ...options, from, to }),
    bars: bars.map((bar) => ({ ...bar, close: closeOf.get(bar.timestamp) ?? null })),
  })
}

function totalLines({ pair, terminal }: PairView, options: VwapOptions, vwap: Vwap): string[] {
  const title = headingLine({ pair, what: 'VWAP', ...options }, terminal.ink)
  const { standardDeviation } = vwap
  if (vwap.vwap === null || standardDeviation === null)
    return [title, 'no trades', ...coverageLines(vwap)]
  const decimals = bandDecimals(vwap.vwap, standardDeviation)
  const band = (sign: string, multiple: number, price: number): string =>
    `${`${sign}${multiple} σ`.padStart(8)}  ${priceText(price, decimals)}`
  const descending = vwap.bands.toSorted((a, b) => b.multiple - a.multiple)
  return [
    title,
    ...descending.map(({ multiple, upper }) => band('+', multiple, upper)),
    `${'VWAP'.padStart(8)}  ${terminal.ink.strong(priceText(vwap.vwap, decimals))}`,
    ...descending.reverse().map(({ multiple, lower }) => band('−', multiple, lower)),
    `σ ${priceText(standardDeviation, decimals)}, volume ${volumeText(vwap.volume)}`,
    ...coverageLines(vwap),
  ]
}

function barLines(
  { pair, terminal }: PairView,
  options: VwapOptions,
  bars: readonly VwapBar[],
): string[] {
  const { tableColumns, ink } = terminal
  const title = headingLine({ pair, what: `${options.timeframe} VWAP`, ...options }, ink)
  if (bars.length === 0) return [title, 'no trades']
  const last = bars.at(-1)!
  const decimals = bandDecimals(last.vwap, last.standardDeviation)
  const bands = options.bands.flatMap((multiple, index) => [
    {
      title: `−${multiple} σ`,
      cell: (bar: VwapBar) => priceText(bar.bands[index]?.lower, decimals),
    },
    {
      title: `+${multiple} σ`,
      cell: (bar: VwapBar) => priceText(bar.bands[index]?.upper, decimals),
    },
  ])
  const table = textTable(
    bars,
    [
      { title: 'bar (UTC)', cell: (bar) => timeText(bar.timestamp), align: 'left' },
      { title: 'VWAP', cell: (bar) => priceText(bar.vwap, decimals) },
      ...bands,
    ],
    { columns: tableColumns, ink },
  )
  return [title, table, ...coverageLinesOfRows(bars)]
}

/** Three digits of the deviation and six of the price say all that a person can use. */
function bandDecimals(price: number, deviation: number): number {
  const ofPrice = decimalsFor(price, 6)
  return Math.min(Math.max(10, ofPrice), Math.max(2, decimalsFor(deviation, 3), ofPrice))
}

function decimalsFor(value: number, digits: number): number {
  return value > 0 ? digits - 1 - Math.floor(Math.log10(value)) : 0
}
