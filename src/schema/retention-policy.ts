import { integer, number, resolveOptions, rule, type OptionRule } from '../options.ts'
import { timeframes, type Timeframe } from '../time.ts'
import { candleRelation, retained, type Relation } from './tables.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const century = 100 * 365 * day

/** How long a relation's rows are kept, by their `timestamp`, and how often the timer looks. */
export interface RetentionRule {
  readonly keepMs: number | 'forever'
  readonly everyMs: number
  /** Only so many rows stay, the strongest ones, the newer first among equals (zones). */
  readonly maxRows?: number
}

export type RetentionPolicy = Readonly<Record<Relation, RetentionRule>>

/** What a caller may give: a rule, or only its `keepMs`. */
export type RetentionOptions = Readonly<
  Partial<Record<Relation, number | 'forever' | Partial<RetentionRule>>>
>

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

/** The default: small files for a live engine. Broken zones and filled gaps always go. */
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
  const policy: Record<string, RetentionRule> = { ...defaultRetention }
  for (const [relation, given] of Object.entries(options)) {
    const fallback = Object.hasOwn(policy, relation) ? policy[relation] : undefined
    if (fallback === undefined)
      throw new TypeError(
        `retention: unknown table \`${relation}\`; known: ${Object.keys(policy).join(', ')}`,
      )
    if (given === undefined) continue
    policy[relation] = resolveOptions(
      `retention.${relation}`,
      typeof given === 'object' ? given : { keepMs: given },
      {
        keepMs: keepRule(fallback.keepMs),
        everyMs: number(1, century, fallback.everyMs),
        ...(fallback.maxRows !== undefined && { maxRows: integer(0, 1e9, fallback.maxRows) }),
      },
    )
  }
  return policy as RetentionPolicy
}

function keepRule(fallback: number | 'forever'): OptionRule<number | 'forever'> {
  return rule<number | 'forever'>(
    `milliseconds from 0 to ${century}, or 'forever'`,
    (value) => value === 'forever' || (typeof value === 'number' && value >= 0 && value <= century),
    fallback,
  )
}
