import { rule, type OptionRule } from '../options.ts'

/** Where a trading day begins. */
export interface SessionOptions {
  /** The time of day, UTC, as `HH:MM`. Default `00:00`. */
  readonly sessionStart?: string | undefined
}

/** The default of `sessionStart`. */
export const midnight = '00:00'

export const dayMicros = 86_400_000_000

export const sessionRules: { readonly sessionStart: OptionRule<string> } = {
  sessionStart: rule(
    'a time of day as HH:MM',
    (value) => typeof value === 'string' && /^(?:[01]\d|2[0-3]):[0-5]\d$/.test(value),
    midnight,
  ),
}

/** The minutes from midnight UTC to the session's beginning. */
export function sessionStartMinutes({ sessionStart }: { sessionStart: string }): number {
  const [hours = '', minutes = ''] = sessionStart.split(':')
  return Number(hours) * 60 + Number(minutes)
}

/** The beginning of the session that holds a time; both are expressions of Unix µs. */
export function sessionMicros(micros: string, session: { sessionStart: string }): string {
  const offset = sessionStartMinutes(session) * 60_000_000
  return offset === 0
    ? `(${micros} // ${dayMicros} * ${dayMicros})`
    : `((${micros} - ${offset}) // ${dayMicros} * ${dayMicros} + ${offset})`
}
