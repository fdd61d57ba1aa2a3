import { flag, integer, resolveOptions, rule, signalRule, type OptionRule } from '../../options.ts'
import { latestMs, maxTimerMs } from '../../time.ts'
import type { CleanupNow } from './pair-cleanup.ts'

export interface CleanupOptions {
  /** What retention counts from: the manager's clock when left out; `'newest-tick'` serves replays. */
  readonly now?: CleanupNow | undefined
  /** Ends a pass after the pair it is at. */
  readonly signal?: AbortSignal | undefined
  /** Leave tables whose `everyMs` has not passed since they were last cleaned. Default false. */
  readonly dueOnly?: boolean | undefined
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
}

const timerRules = { everyMs: integer(1, maxTimerMs, 60_000) }

export function resolveCleanupTimerOptions(options: object | undefined): { everyMs: number } {
  return resolveOptions('startCleanup', options, timerRules)
}

export interface CleanupRules {
  readonly now: CleanupNow | undefined
  readonly signal: AbortSignal | undefined
  readonly dueOnly: boolean
}

export function resolveCleanupOptions(caller: string, options: object | undefined): CleanupRules {
  return resolveOptions(caller, options, cleanupRules)
}
