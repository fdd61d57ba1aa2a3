import { flag, integer, resolveOptions, rule, signalRule, type OptionRule } from '../../options.ts'
import {
  resolveRules,
  type RetentionOptions,
  type RetentionRules,
} from '../../schema/retention-policy.ts'
import { latestMs, maxTimerMs } from '../../time.ts'
import type { CleanupNow } from './pair-cleanup.ts'

/** Options of `cleanupPair` and `cleanupAllPairs`. */
export interface CleanupOptions {
  /** What retention counts from: the manager's clock when left out; `'newest-tick'` serves replays. */
  readonly now?: CleanupNow | undefined
  /** Ends a pass after the pair it is at. */
  readonly signal?: AbortSignal | undefined
  /** Leave tables whose `everyMs` has not passed since they were last cleaned. Default false. */
  readonly dueOnly?: boolean | undefined
  /** Rules that count for this call alone, above those in the pairs' files. */
  readonly keep?: RetentionOptions | undefined
  /** Delete nothing, and tell as `deleted` what would be. Default false. */
  readonly dryRun?: boolean | undefined
}

export const nowRule: OptionRule<CleanupNow | undefined> = rule(
  `Unix ms or a Date, to the year 2100, or 'newest-tick'`,
  (value) =>
    value === 'newest-tick' ||
    ((typeof value === 'number' || value instanceof Date) &&
      Number(value) >= 0 &&
      Number(value) <= latestMs),
  undefined,
)

const cleanupRules = {
  now: nowRule,
  signal: signalRule,
  dueOnly: flag(false),
  keep: rule<RetentionOptions | undefined>(
    `an object of tables, or 'forever'`,
    (value) => value === 'forever' || (typeof value === 'object' && value !== null),
    undefined,
  ),
  dryRun: flag(false),
}

const timerRules = { everyMs: integer(1, maxTimerMs, 60_000) }

export function resolveCleanupTimerOptions(options: object | undefined): { everyMs: number } {
  return resolveOptions('startCleanup', options, timerRules)
}

export interface CleanupRules {
  readonly now: CleanupNow | undefined
  readonly signal: AbortSignal | undefined
  readonly dueOnly: boolean
  readonly keep: RetentionRules
  readonly dryRun: boolean
}

export function resolveCleanupOptions(caller: string, options: object | undefined): CleanupRules {
  const resolved = resolveOptions(caller, options, cleanupRules)
  return { ...resolved, keep: resolveRules(resolved.keep) }
}
