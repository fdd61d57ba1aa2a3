import type { GapRow } from './rows.ts'
import { gaps } from './tables/gaps.ts'

/**
 * A hole in a pair's recorded trades: what lies between the trade before it and the one after it,
 * both of which are stored. `toTime` is null where it goes on: nothing after it proves anything.
 */
export type Gap = GapRow

/** The state of a hole in the recorded trades. */
export type GapState = Gap['state']

/**
 * `open`: trades are missing and may be had. `filled`: they were fetched. `unfillable`: nobody has
 * them any more. `unproved`: the exchange's ids do not tell whether a trade is missing.
 */
export const gapStates: readonly GapState[] = gaps.columns.state
