import type { OptionRules } from '../../options.ts'
import { rulesOf } from '../../options.ts'
import {
  calculateCvdBarsQuery,
  calculateCvdQuery,
  calculateDiagonalImbalanceQuery,
  calculateFootprintQuery,
  calculateMarketProfileQuery,
  calculateNakedPocQuery,
  calculateOrderFlowImbalanceQuery,
  calculateStackedImbalanceQuery,
  calculateTpoProfileQuery,
  calculateTradeSizeBucketsQuery,
  calculateVolumeNodesQuery,
  calculateVwapBarsQuery,
  calculateVwapQuery,
  candlesFromTicksQuery,
  detectFvgQuery,
  detectLargeTradesQuery,
  detectSpeedOfTapeQuery,
  detectUnfinishedAuctionsQuery,
  detectZonesQuery,
  getActiveDemandZonesQuery,
  getActiveSupplyZonesQuery,
  getCandlesQuery,
  getRecentTicksQuery,
  getUnfilledFvgsQuery,
} from '../../queries/index.ts'
import { msFromIso } from '../../iso-time.ts'
import type { Query } from '../../queries/query.ts'
import { gapsOfPairQuery } from './gaps-of-pair.ts'
import { ticksOfWindowQuery } from './ticks-of-window.ts'

type Build = (options: never) => Query<unknown>

/** Every query builder by its address under a pair, with what it gives in a line. */
export const analytics: Readonly<Record<string, readonly [build: Build, gives: string]>> = {
  ticks: [ticksOfWindowQuery, 'Stored trades, oldest first.'],
  'recent-ticks': [getRecentTicksQuery, 'The newest trades, newest first.'],
  gaps: [gapsOfPairQuery, 'Holes in the recorded trades, filled ones too, oldest first.'],
  candles: [getCandlesQuery, 'Bars that open inside the window, oldest first.'],
  'candles-from-ticks': [
    candlesFromTicksQuery,
    'Bars folded from the trades, with or without flat ones.',
  ],
  cvd: [calculateCvdQuery, 'Cumulative volume delta of the window, in one row.'],
  'cvd-bars': [calculateCvdBarsQuery, 'Cumulative volume delta bar by bar.'],
  imbalance: [calculateOrderFlowImbalanceQuery, 'Order-flow imbalance of the window.'],
  profile: [calculateMarketProfileQuery, 'Volume by price with point of control and value area.'],
  'volume-nodes': [calculateVolumeNodesQuery, 'Prices of high and of low volume.'],
  footprint: [calculateFootprintQuery, 'Volume by bar and price, bought and sold.'],
  'diagonal-imbalance': [calculateDiagonalImbalanceQuery, 'Bid against ask one bin apart.'],
  'stacked-imbalance': [
    calculateStackedImbalanceQuery,
    'Diagonal imbalances on neighbouring prices.',
  ],
  'unfinished-auctions': [
    detectUnfinishedAuctionsQuery,
    'Bars whose extreme traded on both sides.',
  ],
  tpo: [calculateTpoProfileQuery, 'Time-price opportunities of a session.'],
  'naked-poc': [calculateNakedPocQuery, 'Points of control that were not traded again.'],
  vwap: [calculateVwapQuery, 'Volume-weighted average price of the window.'],
  'vwap-bars': [calculateVwapBarsQuery, 'Volume-weighted average price bar by bar.'],
  fvg: [detectFvgQuery, 'Fair value gaps and how far they are filled.'],
  'unfilled-fvgs': [getUnfilledFvgsQuery, 'Stored fair value gaps that are open.'],
  zones: [detectZonesQuery, 'Supply and demand zones.'],
  'active-supply-zones': [getActiveSupplyZonesQuery, 'Stored supply zones that hold.'],
  'active-demand-zones': [getActiveDemandZonesQuery, 'Stored demand zones that hold.'],
  'large-trades': [detectLargeTradesQuery, 'Trades of an unusual size.'],
  'trade-sizes': [calculateTradeSizeBucketsQuery, 'Volume by the size of its trades.'],
  'speed-of-tape': [detectSpeedOfTapeQuery, 'Bars with unusually many trades.'],
}

/** The rules of a builder's own options; a window is given by its fields. */
export function rulesOfAnalytic(name: string): OptionRules {
  const { window: _, ...rules } = rulesOf(analytics[name]![0])
  return rules
}

/** Builds an analytic from the parameters of a request; TypeError and RangeError say what is wrong. */
export function buildAnalytic(name: string, parameters: object): Query<unknown> {
  const rules = rulesOfAnalytic(name)
  const twice = Object.keys(parameters).find((key) => Array.isArray(parameters[key as never]))
  if (twice !== undefined) throw new TypeError(`\`${twice}\` is given more than once`)
  const options = Object.entries(parameters)
    .filter(([key]) => key !== 'format' && key !== 'history')
    .map(([key, text]): [string, unknown] => [
      key,
      Object.hasOwn(rules, key) ? valueOf(text, rules[key]!) : text,
    ])
  return analytics[name]![0](Object.fromEntries(options) as never)
}

/** The first reading of a text that the option takes; the text itself, for the rule to refuse, when none is. */
function valueOf(text: unknown, rule: OptionRules[string]): unknown {
  if (typeof text !== 'string') return text
  const readings = [
    ...(/^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(text) ? [Number(text)] : []),
    ...(text === 'true' || text === 'false' ? [text === 'true'] : []),
    text,
    msFromIso(text) ?? text,
    text.split(',').map(Number),
  ]
  return readings.find((reading) => rule.accepts(reading)) ?? readings[0]
}
