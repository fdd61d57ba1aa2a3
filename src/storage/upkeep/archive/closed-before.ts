import { dayMicros, hourMicros } from '../../../archive/part-path.ts'

/**
 * Up to where (Unix ms) what is older than `before` may be archived: whole days, or whole hours
 * where less than a day is kept.
 */
export function closedBefore(before: number, keepMs: number): number {
  const unit = (keepMs >= dayMicros / 1000 ? dayMicros : hourMicros) / 1000
  return Math.floor(before / unit) * unit
}
