import {
  calculateVwapBarsQuery,
  calculateVwapQuery,
  type Vwap,
  type VwapBar,
} from '../../queries/index.ts'
import type { Timeframe } from '../../time.ts'
import { numbersArgument, resetArgument, timeframeArgument } from '../arguments.ts'
import { withWindowOptions, windowOf, type AddCommand, type WindowOptions } from '../command.ts'
import { checkedUsage } from '../failure.ts'
import { priceText, timeText, volumeText } from '../figures.ts'
import { coverageLines, headingLine } from '../heading.ts'
import { addPairCommand, onlyRow, type PairView } from '../pair-command.ts'
import { textTable } from '../text-table.ts'

interface VwapOptions extends WindowOptions {
  readonly timeframe?: Timeframe
  readonly bands: readonly number[]
  readonly reset: 'none' | 'session' | number
}

export const addVwapCommand: AddCommand = (program, context) => {
  addPairCommand<VwapOptions>(program, context, {
    name: 'vwap',
    description: 'Volume-weighted average price with bands of standard deviations.',
    configure: (command) =>
      withWindowOptions(command)
        .option(
          '--timeframe <length>',
          'as it stood at the close of each bar of this length (a list)',
          timeframeArgument,
        )
        .option('--bands <list>', 'in standard deviations', numbersArgument, [1, 2, 3])
        .option(
          '--reset <when>',
          'begin anew: none, session, or every N bars',
          resetArgument,
          'none',
        ),
    answer: async (view, options) => {
      const { timeframe, bands, reset } = options
      const window = windowOf(options)
      if (timeframe === undefined) {
        const vwap = await onlyRow(
          view.query(checkedUsage(() => calculateVwapQuery({ bands, ...window }))),
        )
        return { json: vwap, lines: () => totalLines(view, options, vwap) }
      }
      const bars = await view.query(
        checkedUsage(() => calculateVwapBarsQuery({ timeframe, bands, reset, ...window })),
      )
      return { json: bars, lines: () => barLines(view, options, bars) }
    },
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
  return [title, table, ...coverageLines(bars[0])]
}

/** Three digits of the deviation and six of the price say all that a person can use. */
function bandDecimals(price: number, deviation: number): number {
  return Math.min(10, Math.max(2, decimalsFor(deviation, 3), decimalsFor(price, 6)))
}

function decimalsFor(value: number, digits: number): number {
  return value > 0 ? digits - 1 - Math.floor(Math.log10(value)) : 0
}
