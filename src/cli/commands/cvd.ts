import type { EChartsCoreOption } from 'echarts/core'
import {
  calculateCvdBarsQuery,
  calculateCvdQuery,
  type Cvd,
  type CvdBar,
} from '../../queries/index.ts'
import type { Timeframe } from '../../time.ts'
import { positiveArgument, resetArgument, timeframeArgument } from '../arguments.ts'
import { checkSessionStart } from '../session-start.ts'
import { tickExtent, timeframeForLine, timeframeForWidth } from '../bar-options.ts'
import { lineChart } from '../charts/line-chart.ts'
import {
  withWindowOptions,
  windowOf,
  type AddCommand,
  type CommonOptions,
  type WindowOptions,
} from '../command.ts'
import { checkedUsage, UsageError } from '../failure.ts'
import { countText, signedText, volumeText } from '../figures.ts'
import { coverageLines } from '../coverage.ts'
import { headingLine, headingText } from '../heading.ts'
import { addPairCommand, onlyRow, type PairView } from '../pair-command.ts'
import { withPictureOption, writePicture, type PictureOptions } from '../picture-file.ts'

interface CvdOptions extends WindowOptions, PictureOptions, Pick<CommonOptions, 'json'> {
  readonly timeframe?: Timeframe
  readonly reset: 'none' | 'session' | number
  readonly sessionStart?: string
  readonly minSize?: number
  readonly maxSize?: number
}

/** More columns of delta than this would be thinner than a line. */
const pictureBars = 600

export const addCvdCommand: AddCommand = (program, context) => {
  addPairCommand<CvdOptions>(program, context, {
    name: 'cvd',
    configure: (command) =>
      withPictureOption(withWindowOptions(command))
        .option(
          '--timeframe <length>',
          'as bars of this length (with --json: a list of them instead of the total)',
          timeframeArgument,
        )
        .option(
          '--reset <when>',
          'begin anew: none, session, or every N bars',
          resetArgument,
          'none',
        )
        .option('--session-start <hh:mm>', 'when a session begins, UTC (default: 00:00)')
        .option('--min-size <volume>', 'only trades of at least this', positiveArgument)
        .option('--max-size <volume>', 'only trades of at most this', positiveArgument),
    answer: async (view, options) => {
      const { minSize, maxSize } = options
      checkSessionStart(options)
      checkReset(options)
      const filter = { ...windowOf(options), minSize, maxSize }
      const total = await onlyRow(view.query(checkedUsage(() => calculateCvdQuery(filter))))
      const { oldest, newest } = await tickExtent(view, options)
      const spanMs = (newest ?? 0) - (oldest ?? 0)
      const bars = (fallback: Timeframe): Promise<CvdBar[]> => barsOf(view, options, fallback)
      await writePicture(options, async () =>
        picture(view, options, await bars(timeframeForWidth(spanMs, pictureBars))),
      )
      const drawn = await bars(timeframeForLine(spanMs, view.terminal.columns))
      return {
        json: options.timeframe === undefined ? total : drawn,
        lines: () => cvdLines(view, options, total, drawn),
      }
    },
  })
}

/** One figure is of the whole window, wherever the line begins anew; nobody shall take it for the last run's. */
function checkReset({ json, reset, timeframe, svg }: CvdOptions): void {
  if (json && reset !== 'none' && timeframe === undefined && svg === undefined)
    throw new UsageError('--reset with --json goes with --timeframe or --svg')
}

/** Bars of the length that was asked for, if one was. */
function barsOf(view: PairView, options: CvdOptions, fallback: Timeframe): Promise<CvdBar[]> {
  const { timeframe = fallback, reset, sessionStart, minSize, maxSize } = options
  const sums = { reset, sessionStart, minSize, maxSize }
  return view.query(
    checkedUsage(() => calculateCvdBarsQuery({ timeframe, ...sums, ...windowOf(options) })),
  )
}

function cvdLines(
  { pair, terminal }: PairView,
  options: CvdOptions,
  total: Cvd,
  bars: readonly CvdBar[],
): string[] {
  const { columns, rows, ink } = terminal
  const points = bars.map(({ timestamp, close }) => ({ timestamp, value: close }))
  return [
    headingLine({ pair, what: 'cumulative volume delta', ...options }, ink),
    ...lineChart(points, { columns, rows: rows - 4, ink }),
    `CVD ${(total.cvd < 0 ? ink.sell : ink.buy)(signedText(total.cvd))}   bought ${volumeText(total.buyVolume)}   sold ${volumeText(total.sellVolume)}   ${countText(total.tradeCount)} trades`,
    ...coverageLines(total),
  ]
}

async function picture(
  { pair }: PairView,
  options: CvdOptions,
  bars: readonly CvdBar[],
): Promise<EChartsCoreOption> {
  const { cvdPicture } = await import('../pictures/cvd-picture.ts')
  const from = options.from ?? bars[0]?.timestamp
  const to = options.to ?? bars.at(-1)?.knownAt
  return cvdPicture({
    title: `${pair} cumulative volume delta`,
    subtitle: headingText({ pair, what: 'CVD', from, to, asOf: options.asOf }),
    bars: bars.map(({ timestamp, close, delta }) => ({ timestamp, value: close, delta })),
  })
}
