import {
  integer,
  number,
  oneOf,
  optional,
  resolveOptions,
  rule,
  unknownName,
  type OptionRule,
} from '../options.ts'
import { timeframes, type Timeframe } from '../time.ts'
import { candleRelation, retained, type Relation } from './tables.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const century = 100 * 365 * day

/** How long a relation's rows are kept, by their `timestamp`, and how often the timer looks. */
export interface RetentionRule {
  /** How long rows are kept, in ms, or `'forever'`. */
  readonly keepMs: number | 'forever'
  /** How often a timer looks at the table, in ms. */
  readonly everyMs: number
  /** Only so many rows stay, the strongest ones, the newer first among equals (zones). */
  readonly maxRows?: number
  /**
   * What becomes of ticks and candles that are too old: they are deleted (default), or moved into
   * the archive, where `query` with `history` still reads them.
   */
  readonly then?: AgedAction
}

/** See {@link RetentionRule}. */
export type AgedAction = 'delete' | 'archive'

/** A rule for every table and candle view. */
export type RetentionPolicy = Readonly<Record<Relation, RetentionRule>>

/**
 * What a caller may give: `'forever'` for everything, or by table a rule or only its `keepMs`.
 * Candles are kept at least as long as the ticks are said to be, unless a rule says otherwise.
 */
export type RetentionOptions =
  | 'forever'
  | Readonly<Partial<Record<Relation, number | 'forever' | Partial<RetentionRule>>>>

/** What is stored in a pair's file: whole rules, of the tables for which somebody gave one. */
export type RetentionRules = Readonly<Partial<Record<Relation, RetentionRule>>>

const candleKeepMs: Readonly<Record<Timeframe, number>> = {
  '1s': 15 * minute,
  '1m': 15 * minute,
  '3m': hour,
  '5m': hour,
  '15m': hour,
  '30m': day,
  '1h': 7 * day,
  '4h': 30 * day,
  '1d': 365 * day,
}

/** The default: small files for a live engine. Broken zones and filled gaps are always deleted. */
export const defaultRetention: RetentionPolicy = Object.fromEntries([
  ...timeframes.map((timeframe) => [
    candleRelation(timeframe),
    { keepMs: candleKeepMs[timeframe], everyMs: 15 * minute },
  ]),
  ...retained.map(({ name, retention: { keepMs, everyMs, maxRows } }) => [
    name,
    { keepMs, everyMs, ...(maxRows !== undefined && { maxRows }) },
  ]),
]) as RetentionPolicy

/** The default with the caller's rules put over it; throws on unknown relations and bad values. */
export function resolveRetention(options: RetentionOptions = {}): RetentionPolicy {
  return policyOf(resolveRules(options))
}

/** The default with rules put over it. */
export function policyOf(rules: RetentionRules): RetentionPolicy {
  const policy: Record<string, RetentionRule> = { ...defaultRetention }
  if (rules.ticks !== undefined)
    for (const timeframe of timeframes) {
      const { keepMs, everyMs } = defaultRetention[candleRelation(timeframe)]
      policy[candleRelation(timeframe)] = {
        keepMs: longer(keepMs, rules.ticks.keepMs),
        everyMs,
        ...(rules.ticks.then === 'archive' && { then: 'archive' }),
      }
    }
  return { ...policy, ...rules } as RetentionPolicy
}

/** Whole rules for the tables that a caller speaks of; throws on unknown relations and bad values. */
export function resolveRules(options: RetentionOptions = {}): RetentionRules {
  if (options === 'forever') return everythingForever
  const rules: Record<string, RetentionRule> = {}
  for (const [relation, given] of Object.entries(options)) {
    const fallback = Object.hasOwn(defaultRetention, relation)
      ? defaultRetention[relation as Relation]
      : undefined
    if (fallback === undefined)
      throw new TypeError(
        `retention: ${unknownName('table', relation, Object.keys(defaultRetention))}`,
      )
    if (given === undefined) continue
    const { then, ...resolved } = resolveOptions(
      `retention.${relation}`,
      typeof given === 'object' ? given : { keepMs: given },
      {
        keepMs: keepRule(fallback.keepMs),
        everyMs: number(1, century, fallback.everyMs),
        ...(fallback.maxRows !== undefined && { maxRows: integer(0, 1e9, fallback.maxRows) }),
        then: isArchivable(relation) ? optional(oneOf(['delete', 'archive'], 'delete')) : noAction,
      },
    )
    rules[relation] = then === 'archive' ? { ...resolved, then } : resolved
  }
  return rules
}

/** Ticks and candles can be archived: the other tables are made anew from them. */
function isArchivable(relation: string): boolean {
  return relation === 'ticks' || relation.startsWith('candles_')
}

const noAction: OptionRule<AgedAction | undefined> = rule(
  "'delete': ticks and candles alone can be archived",
  (value) => value === 'delete',
  undefined,
)

const everythingForever: RetentionRules = Object.fromEntries(
  Object.entries(defaultRetention).map(([relation, { everyMs }]) => [
    relation,
    { keepMs: 'forever', everyMs },
  ]),
)

function longer(one: number | 'forever', other: number | 'forever'): number | 'forever' {
  return one === 'forever' || other === 'forever' ? 'forever' : Math.max(one, other)
}

function keepRule(fallback: number | 'forever'): OptionRule<number | 'forever'> {
  return rule<number | 'forever'>(
    `milliseconds from 0 to ${century}, or 'forever'`,
    (value) => value === 'forever' || (typeof value === 'number' && value >= 0 && value <= century),
    fallback,
  )
}
