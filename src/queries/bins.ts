import { number, oneOf, required, type OptionRule } from '../options.ts'

/** Which bin holds a price, and which of its edges (or its middle) names it. */
export type Rounding = 'floor' | 'nearest' | 'halfEven' | 'ceil'

/** Every rounding; the first is the default. */
export const roundings: readonly Rounding[] = ['floor', 'nearest', 'halfEven', 'ceil']

/** Below a millionth of a millionth no price has digits, and bin numbers leave the whole numbers. */
export const minBinSize = 1e-12

export const binRules: {
  readonly binSize: OptionRule<number>
  readonly rounding: OptionRule<Rounding>
} = {
  binSize: required(number(minBinSize, Number.MAX_VALUE, 1)),
  rounding: oneOf(roundings, 'floor'),
}

/**
 * Prices in bins, by whole numbers. Bin k holds `[k, k+1)` sizes (`floor`), `[k-½, k+½)`
 * (`nearest`) or `(k-1, k]` (`ceil`), and is named by k sizes: lower edge, middle, upper edge.
 * `halfEven` is `nearest`, but a price halfway between two names goes to the even k, as numpy and
 * freqtrade's footprint round.
 *
 * A decimal price is stored as the nearest double, so price ÷ size misses a whole number by up to
 * 4 × 2⁻⁵³ of it where it should meet one. The quotient is nudged by 2⁻⁵⁰ of itself towards the
 * edge that belongs to the bin: every price of up to 14 digits falls where decimal arithmetic puts
 * it, and 0.1 + 0.2 is 0.3.
 */
export interface Bins {
  /** The bin's number as BIGINT. */
  index(price: string): string
  /** The name of bin number `index`, as the double nearest to the decimal. */
  label(index: string): string
  lowerEdge(index: string): string
  upperEdge(index: string): string
}

export function bins({ binSize, rounding }: { binSize: number; rounding: Rounding }): Bins {
  const { units, scale } = decimal(binSize)
  const at = (position: string): string => `((${position}) * ${units} / ${scale})`
  const below = { floor: '', nearest: half[0], halfEven: half[0], ceil: ' - 1' }[rounding]
  const above = { floor: ' + 1', nearest: half[1], halfEven: half[1], ceil: '' }[rounding]
  return {
    index: (price) => `${nudged(`(${price}) / ${double(binSize)}`, rounding)}::BIGINT`,
    label: (index) => at(index),
    lowerEdge: (index) => at(`${index}${below}`),
    upperEdge: (index) => at(`${index}${above}`),
  }
}

const half = [' - 0.5::DOUBLE', ' + 0.5::DOUBLE'] as const
const up = `(1 + 8.881784197001252e-16::DOUBLE)`
const down = `(1 - 8.881784197001252e-16::DOUBLE)`

function nudged(quotient: string, rounding: Rounding): string {
  const halfUp = `floor(${quotient} * ${up} + 0.5::DOUBLE)`
  const halfDown = `ceil(${quotient} * ${down} - 0.5::DOUBLE)`
  return {
    floor: `floor(${quotient} * ${up})`,
    nearest: halfUp,
    halfEven: `(CASE WHEN ${halfUp} % 2 = 0 THEN ${halfUp} ELSE ${halfDown} END)`,
    ceil: `ceil(${quotient} * ${down})`,
  }[rounding]
}

/**
 * The size as whole units over a power of ten, both exact doubles: units × index ÷ scale rounds
 * once, so that bin 3 of 0.1 is named 0.3 and not 0.30000000000000004.
 */
function decimal(size: number): { units: string; scale: string } {
  const [mantissa = '', exponent = '0'] = size.toExponential().split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  const power = Number(exponent) - fraction.length
  const units = Number(whole + fraction)
  return power >= 0
    ? { units: double(size), scale: double(1) }
    : { units: double(units), scale: double(Number(`1e${-power}`)) }
}

/** A literal that DuckDB reads as DOUBLE; `0.05` alone would be a DECIMAL. */
function double(value: number): string {
  return `${value.toExponential()}::DOUBLE`
}
