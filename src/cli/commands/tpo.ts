import { calculateTpoProfileQuery, type TpoProfile } from '../../queries/index.ts'
import { timeframeMs, type Timeframe } from '../../time.ts'
import { positiveArgument, timeframeArgument } from '../arguments.ts'
import {
  binSizeOf,
  valueAreaOf,
  withBinOption,
  withRoundingOption,
  withSourceOption,
  withValueAreaOptions,
  type BinOptions,
  type RoundingOptions,
  type SourceOptions,
  type ValueAreaFlags,
} from '../bar-options.ts'
import { tpoChart } from '../charts/tpo-chart.ts'
import { withWindowOptions, windowOf, type AddCommand } from '../command.ts'
import { checkedUsage } from '../failure.ts'
import { priceText } from '../figures.ts'
import { coverageLines } from '../coverage.ts'
import { headingLine } from '../heading.ts'
import { addPairCommand, type PairView } from '../pair-command.ts'

interface TpoOptions extends BinOptions, RoundingOptions, SourceOptions, ValueAreaFlags {
  readonly timeframe: Timeframe
  readonly initialBalance?: number
  readonly sessionStart: string
}

export const addTpoCommand: AddCommand = (program, context) => {
  addPairCommand<TpoOptions>(program, context, {
    name: 'tpo',
    configure: (command) =>
      withValueAreaOptions(
        withSourceOption(withRoundingOption(withBinOption(withWindowOptions(command)))),
      )
        .option('--timeframe <length>', 'time of one letter', timeframeArgument, '30m')
        .option(
          '--initial-balance <minutes>',
          'of the session (default: 60, or a longer letter)',
          positiveArgument,
        )
        .option('--session-start <hh:mm>', 'when a session begins, UTC', '00:00'),
    answer: async (view, options) => {
      const { timeframe, source, rounding, sessionStart } = options
      // An initial balance shorter than its first letter can't be.
      const { initialBalance = Math.max(60, timeframeMs[timeframe] / 60_000) } = options
      const binSize = await binSizeOf(view, options)
      const query = checkedUsage(() =>
        calculateTpoProfileQuery({
          binSize,
          timeframe,
          source,
          rounding,
          sessionStart,
          initialBalanceMinutes: initialBalance,
          ...valueAreaOf(options),
          ...windowOf(options),
        }),
      )
      const sessions = await view.query(query)
      return {
        json: sessions,
        lines: () =>
          sessions.length === 0
            ? ['no trades']
            : sessions.flatMap((session) => sessionLines(view, options, session)),
      }
    },
  })
}

function sessionLines(
  { pair, terminal }: PairView,
  { timeframe, asOf }: TpoOptions,
  session: TpoProfile,
): string[] {
  const { columns, rows, ink } = terminal
  const { initialBalanceLow, initialBalanceHigh } = session
  return [
    headingLine(
      { pair, what: `TPO, a letter per ${timeframe}`, from: session.timestamp, asOf },
      ink,
    ),
    ...tpoChart(byNames(session), { columns, rows: rows - 4, ink }),
    `POC ${priceText(session.poc)}   value area ${priceText(session.valueAreaLow)} to ${priceText(session.valueAreaHigh)}   initial balance ${priceText(initialBalanceLow)} to ${priceText(initialBalanceHigh)}`,
    ...coverageLines(session),
  ]
}

/** The value area by the names of its bins, which `--rounding` may set apart from their edges. */
function byNames(session: TpoProfile): TpoProfile {
  const { valueAreaLowBin, valueAreaHighBin, binSize } = session
  return { ...session, valueAreaLow: valueAreaLowBin, valueAreaHigh: valueAreaHighBin + binSize }
}
