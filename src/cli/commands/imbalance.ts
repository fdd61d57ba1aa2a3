import { calculateOrderFlowImbalanceQuery, type OrderFlowImbalance } from '../../queries/index.ts'
import { withWindowOptions, windowOf, type AddCommand, type WindowOptions } from '../command.ts'
import { countText, percentText, ratioText, signedText, volumeText } from '../figures.ts'
import { coverageLines, headingLine } from '../heading.ts'
import { addPairCommand, onlyRow, type PairView } from '../pair-command.ts'

type ImbalanceOptions = WindowOptions

export const addImbalanceCommand: AddCommand = (program, context) => {
  addPairCommand<ImbalanceOptions>(program, context, {
    name: 'imbalance',
    description: 'How far buying takers outweigh selling ones: bought ÷ sold.',
    configure: withWindowOptions,
    answer: async (view, options) => {
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

/** Buying and selling as one bar of the terminal's width. */
function sharesLine(buyShare: number, { columns, ink }: PairView['terminal']): string {
  const bought = Math.round(buyShare * columns)
  return ink.buy('█'.repeat(bought)) + ink.sell('░'.repeat(columns - bought))
}
