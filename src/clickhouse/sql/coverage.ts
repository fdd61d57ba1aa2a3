import { msOf } from './window-at.ts'

/** The oldest tick that is archived (µs), as far as `asOf` may know of it. */
const covered = '{covered:Nullable(Int64)}'

/** The beginning of the window that was asked for (µs); NULL: all that is stored. */
export const windowBegin = '{begin:Nullable(Int64)}'

/**
 * The first two columns of `Coverage`, for the end of a SELECT list, of what begins at `begin` (µs);
 * NULL asks for all that is stored, and that is never cut short. The archive adds the third.
 */
export function coverage(begin: string = windowBegin): string {
  return `${msOf(covered)} AS coveredFrom,
    (isNotNull(${begin}) AND ifNull(${begin} < ${covered}, true))::Bool AS truncated`
}
