import type { BenchGroup } from './harness/row.ts'
import { measureQueries } from './queries/measure.ts'

/** Every builder over 45,000 ticks, beside plain SQL and beside a loop in JavaScript. */
export const run: BenchGroup = () => measureQueries()
