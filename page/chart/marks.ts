import { volumeText } from '../shell/figures.ts'
import type { LedgerGap, RowsByName } from '../source/source.ts'
import type { PriceBox } from './boxes.ts'
import type { Hole } from './holes.ts'
import type { Quiet } from './time-slots.ts'

/** A fair value gap, from the close of its third bar on. */
export function gapBox(gap: RowsByName['fvg']): PriceBox {
  const isBullish = gap.type === 'bullish'
  const filled = gap.filledPct > 0 ? ` ${Math.round(gap.filledPct * 100)} % filled` : ''
  return {
    kind: 'gap',
    side: isBullish ? 'demand' : 'supply',
    low: gap.priceLow,
    high: gap.priceHigh,
    knownAt: gap.knownAt,
    endedAt: gap.filledAt,
    label: `FVG${filled}`,
  }
}

/** A zone, from the close of the second bar after its middle on. */
export function zoneBox(zone: RowsByName['zones']): PriceBox {
  return {
    kind: 'zone',
    side: zone.type,
    low: zone.priceLow,
    high: zone.priceHigh,
    knownAt: zone.knownAt,
    endedAt: zone.brokenAt,
    label: `${zone.type} ${volumeText(zone.strength)}×${zone.status === 'tested' ? ' tested' : ''}`,
  }
}

/** The ledger's holes, and the stretches without a bar that it does not speak of. */
export function holesOf(stretches: readonly Quiet[], ledger: readonly LedgerGap[]): Hole[] {
  const known = ledger
    .filter(({ state }) => state !== 'filled')
    .map(({ fromTime, toTime, state }): Hole => {
      return { from: fromTime, to: toTime, state, drawnInFull: true }
    })
  const quiet = stretches.map(({ from, to, filled }): Hole => {
    return { from, to, state: 'quiet', drawnInFull: filled }
  })
  return [...quiet, ...known]
}
