import { calculateTpoProfileQuery, type TpoProfile } from '../../queries/index.ts'
import type { Timeframe } from '../../time.ts'
import { positiveArgument, timeframeArgument } from '../arguments.ts'
import { binSizeOf, withBinOption, type BinOptions } from '../bar-options.ts'
import { tpoChart } from '../charts/tpo-chart.ts'
import { withWindowOptions, windowOf, type AddCommand } from '../command.ts'
import { checkedUsage } from '../failure.ts'
import { priceText } from '../figures.ts'
import { coverageLines, headingLine } from '../heading.ts'
import { addPairCommand, type PairView } from '../pair-command.ts'

interface TpoOptions extends BinOptions {
  readonly timeframe: Timeframe
  readonly initialBalance: number
  readonly sessionStart: string
}

export const addTpoCommand: AddCommand = (program, context) => {
  addPairCommand<TpoOptions>(program, context, {
    name: 'tpo',
    description: 'Time at each price: a letter per half hour, per session; needs long retention.',
    configure: (command) =>
      withBinOption(withWindowOptions(command))
        .option('--timeframe <length>', 'time of one letter', timeframeArgument, '30m')
        .option('--initial-balance <minutes>', 'of the session', positiveArgument, 60)
        .option('--session-start <hh:mm>', 'when a session begins, UTC', '00:00'),
    answer: async (view, options) => {
      const { timeframe, sessionStart, initialBalance } = options
      const binSize = await binSizeOf(view, options)
      const query = checkedUsage(() =>
        calculateTpoProfileQuery({
          binSize,
          timeframe,
          sessionStart,
          initialBalanceMinutes: initialBalance,
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
  { timeframe }: TpoOptions,
  session: TpoProfile,
): string[] {
  const { columns, rows, ink } = terminal
  const { initialBalanceLow, initialBalanceHigh } = session
  return [
    headingLine({ pair, what: `TPO, a letter per ${timeframe}`, from: session.timestamp }, ink),
    ...tpoChart(session, { columns, rows: rows - 4, ink }),
    `POC ${priceText(session.poc)}   value area ${priceText(session.valueAreaLow)} to ${priceText(session.valueAreaHigh)}   initial balance ${priceText(initialBalanceLow)} to ${priceText(initialBalanceHigh)}`,
    ...coverageLines(session),
  ]
}
