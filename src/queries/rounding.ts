/**
 * Decimal volumes are stored as the nearest doubles, so equal sums of them differ in their last
 * bits, by the order in which they were added: 0.1 + 0.2 + 0.3 is not 0.3 + 0.2 + 0.1. What is
 * equal in decimals must be a tie, and what is exactly so many times something else not more than
 * that, in whatever order the ticks came. Every comparison of sums goes through one of these three.
 */

/** A sum (not negative) by which to rank and tell equal ones: its first 13 digits. */
export function comparable(sum: string): string {
  const digits = `TRY_CAST(ceil(log10(nullif(${sum}, 0))) AS INTEGER)`
  return `coalesce(round(${sum}, 13 - ${digits}), ${sum})`
}

/** Whether a value is more than a bound (not negative) by more than rounding. */
export function exceeds(value: string, bound: string): string {
  return `${value} > (${bound}) * (1 + 1e-12::DOUBLE)`
}

/** Whether a value is at least a bound (not negative), rounding aside. */
export function reaches(value: string, bound: string): string {
  return `${value} >= (${bound}) * (1 - 1e-12::DOUBLE)`
}
