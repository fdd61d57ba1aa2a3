import {
  calculateMarketProfileQuery,
  calculateNakedPocQuery,
  calculateVolumeNodesQuery,
  type MarketProfile,
} from '../../queries/index.ts'
import {
  belowName,
  binSizeOf,
  valueAreaOf,
  withBinOption,
  withRoundingOption,
  withValueAreaOptions,
  type BinOptions,
  type RoundingOptions,
  type ValueAreaFlags,
} from '../bar-options.ts'
import type { Timeframe } from '../../time.ts'
import { countArgument, timeframeArgument } from '../arguments.ts'
import { profilePictureOf } from '../candle-view.ts'
import { profileChart } from '../charts/profile-chart.ts'
import { withWindowOptions, windowOf, type AddCommand } from '../command.ts'
import { checkedUsage } from '../failure.ts'
import { percentText, priceDecimals, priceText, timeText, volumeText } from '../figures.ts'
import { coverageLines } from '../coverage.ts'
import { headingLine } from '../heading.ts'
import { withPictureOption, writePicture, type PictureOptions } from '../picture-file.ts'
import { listAnswer } from '../list-answer.ts'
import { addPairCommand, onlyRow, type Answer, type PairView } from '../pair-command.ts'

interface ProfileOptions extends BinOptions, RoundingOptions, ValueAreaFlags, PictureOptions {
  readonly nodes: boolean
  readonly naked: boolean
  readonly timeframe: Timeframe
  readonly neighbours: number
}

export const addProfileCommand: AddCommand = (program, context) => {
  addPairCommand<ProfileOptions>(program, context, {
    name: 'profile',
    configure: (command) =>
      withValueAreaOptions(
        withPictureOption(withRoundingOption(withBinOption(withWindowOptions(command)))),
      )
        .option('--nodes', 'bins that trade more, or less, than their neighbours', false)
        .option('--neighbours <count>', 'bins on each side that count', countArgument, 1)
        .option('--naked', 'points of control of past bars that were not reached since', false)
        .option('--timeframe <length>', 'length of those bars', timeframeArgument, '1h'),
    modes: {
      '': ['share', 'valueArea', 'stop', 'emptyBins', 'svg'],
      nodes: ['neighbours', 'emptyBins'],
      naked: ['timeframe'],
    },
    answer: async (view, options) => {
      if (options.nodes) return nodesAnswer(view, options)
      if (options.naked) return nakedAnswer(view, options)
      const { rounding } = options
      const binSize = await binSizeOf(view, options)
      const query = checkedUsage(() =>
        calculateMarketProfileQuery({
          binSize,
          ...valueAreaOf(options),
          rounding,
          ...windowOf(options),
        }),
      )
      const profile = await onlyRow(view.query(query))
      await writePicture(options, () =>
        profilePictureOf(view, options, atLowerEdges(profile, rounding)),
      )
      return { json: profile, lines: () => profileLines(view, options, profile) }
    },
  })
}

/** Bins that are named by their middle or upper edge are drawn from their lower one all the same. */
function atLowerEdges(profile: MarketProfile, rounding: ProfileOptions['rounding']): MarketProfile {
  const { poc, binSize, bins } = profile
  const down = belowName(rounding, binSize)
  return {
    ...profile,
    poc: poc === null ? null : poc - down,
    bins: bins.map((bin) => ({ ...bin, price: bin.price - down })),
  }
}

async function nodesAnswer(view: PairView, options: ProfileOptions): Promise<Answer> {
  const { rounding, emptyBins, neighbours } = options
  const binSize = await binSizeOf(view, options)
  const nodes = await view.query(
    checkedUsage(() =>
      calculateVolumeNodesQuery({
        binSize,
        rounding,
        emptyBins,
        neighbours,
        ...windowOf(options),
      }),
    ),
  )
  const decimals = priceDecimals(nodes.map(({ price }) => price))
  return listAnswer(view, options, {
    what: 'volume nodes',
    rows: nodes,
    columns: [
      { title: 'price', cell: ({ price }) => priceText(price, decimals) },
      { title: 'node', cell: ({ type }) => type, align: 'left' },
      { title: 'volume', cell: ({ volume }) => volumeText(volume) },
    ],
  })
}

async function nakedAnswer(view: PairView, options: ProfileOptions): Promise<Answer> {
  const { timeframe, rounding } = options
  const binSize = await binSizeOf(view, options)
  const naked = await view.query(
    checkedUsage(() =>
      calculateNakedPocQuery({ timeframe, binSize, rounding, ...windowOf(options) }),
    ),
  )
  const decimals = priceDecimals(naked.map(({ poc }) => poc))
  return listAnswer(view, options, {
    what: `${timeframe} naked points of control`,
    rows: naked,
    columns: [
      { title: 'bar (UTC)', cell: ({ timestamp }) => timeText(timestamp), align: 'left' },
      { title: 'POC', cell: ({ poc }) => priceText(poc, decimals) },
      { title: 'volume', cell: ({ volume }) => volumeText(volume) },
    ],
  })
}

function profileLines(
  { pair, terminal }: PairView,
  options: ProfileOptions,
  profile: MarketProfile,
): string[] {
  const { columns, rows, ink } = terminal
  const { poc, valueAreaLow, valueAreaHigh, totalVolume, valueAreaVolume } = profile
  const { rounding } = options
  const drawn = atLowerEdges(profile, rounding)
  const title = headingLine({ pair, what: 'market profile', ...options }, ink)
  if (poc === null || drawn.poc === null || valueAreaLow === null || valueAreaHigh === null)
    return [title, 'no trades', ...coverageLines(profile)]
  return [
    title,
    ...profileChart(
      { ...drawn, poc: drawn.poc, valueAreaLow, valueAreaHigh, rounding },
      { columns, rows: rows - 4, ink },
    ),
    `POC ${priceText(poc)}   value area ${priceText(valueAreaLow)} to ${priceText(valueAreaHigh)} (${percentText((valueAreaVolume ?? 0) / totalVolume)} of ${volumeText(totalVolume)})`,
    ...coverageLines(profile),
  ]
}
