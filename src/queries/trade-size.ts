import { number, optional, type OptionRule } from '../options.ts'

/** Only trades of a size: `minSize <= volume <= maxSize`. */
export interface TradeSizeOptions {
  /** Only trades of at least this size. */
  readonly minSize?: number | undefined
  /** Only trades below this size. */
  readonly maxSize?: number | undefined
}

const size: OptionRule<number | undefined> = optional(number(0, Number.MAX_VALUE, 0))

/** The rules of {@link TradeSizeOptions}, to be spread into a builder's own. */
export const tradeSizeRules: {
  readonly minSize: OptionRule<number | undefined>
  readonly maxSize: OptionRule<number | undefined>
} = { minSize: size, maxSize: size }

/** The condition on ticks. */
export function ticksOfSize(caller: string, { minSize, maxSize }: TradeSizeOptions): string {
  if (minSize !== undefined && maxSize !== undefined && minSize > maxSize)
    throw new RangeError(`${caller}: \`minSize\` ${minSize} is more than \`maxSize\` ${maxSize}`)
  const least = minSize === undefined ? [] : [`volume >= ${minSize.toExponential()}::DOUBLE`]
  const most = maxSize === undefined ? [] : [`volume <= ${maxSize.toExponential()}::DOUBLE`]
  return [...least, ...most].join(' AND ') || 'true'
}
