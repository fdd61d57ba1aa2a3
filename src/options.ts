import { closest, distance } from 'fastest-levenshtein'
import { shown } from './errors.ts'

/** How one option is checked: its default, and what is said when a value does not fit. */
export interface OptionRule<T> {
  readonly fallback: T
  readonly expected: string
  readonly accepts: (value: unknown) => boolean
  readonly required?: boolean
  /** Whether it is a number that is asked for: another number is then out of range, not of the wrong type. */
  readonly numeric?: boolean
  /** The words that it takes, where it takes some words only. */
  readonly choices?: readonly string[]
}

export type OptionRules = Readonly<Record<string, OptionRule<unknown>>>
export type Resolved<Rules extends OptionRules> = {
  readonly [Name in keyof Rules]: Rules[Name] extends OptionRule<infer T> ? T : never
}

/**
 * Fills defaults and refuses what does not fit, so that nothing behind it is optional. Unknown
 * names are a TypeError that suggests the nearest known one; a wrong value is a TypeError or,
 * for a number out of range, a RangeError, naming the option, the rule and the value.
 */
export function resolveOptions<Rules extends OptionRules>(
  caller: string,
  given: object | undefined,
  rules: Rules,
): Resolved<Rules> {
  if (given === ruleProbe) throw new RulesAsked(rules)
  if (given !== undefined && (typeof given !== 'object' || given === null || Array.isArray(given)))
    throw new TypeError(`${caller}: expected an options object, got ${shown(given)}`)
  const values = new Map(Object.entries(given ?? {}))
  for (const name of values.keys()) {
    if (!Object.hasOwn(rules, name))
      throw new TypeError(`${caller}: ${unknownName('option', name, Object.keys(rules))}`)
  }
  const resolved: Record<string, unknown> = {}
  for (const [name, rule] of Object.entries(rules)) {
    const value = values.get(name)
    if (value === undefined) {
      if (rule.required === true)
        throw new TypeError(`${caller}: \`${name}\` is missing: expected ${rule.expected}`)
      resolved[name] = rule.fallback
      continue
    }
    if (!rule.accepts(value)) {
      const Kind = typeof value === 'number' && rule.numeric === true ? RangeError : TypeError
      throw new Kind(`${caller}: expected \`${name}\` to be ${rule.expected}, got ${shown(value)}`)
    }
    resolved[name] = value
  }
  return resolved as Resolved<Rules>
}

/** Thrown instead of an answer to who gives {@link ruleProbe} for options. */
class RulesAsked extends Error {
  readonly rules: OptionRules

  constructor(rules: OptionRules) {
    super('a builder caught what was not for it')
    this.rules = rules
  }
}

const ruleProbe = Object.freeze({})

/** The rules by which a function checks its one options object; nothing of it runs. */
export function rulesOf(build: (options: never) => unknown): OptionRules {
  try {
    build(ruleProbe as never)
  } catch (error) {
    if (error instanceof RulesAsked) return error.rules
    throw error
  }
  throw new TypeError('the function checks no options')
}

export function integer(min: number, max: number, fallback: number): OptionRule<number> {
  return {
    fallback,
    numeric: true,
    expected: `an integer from ${min} to ${max}`,
    accepts: (value) => Number.isInteger(value) && Number(value) >= min && Number(value) <= max,
  }
}

export function number(min: number, max: number, fallback: number): OptionRule<number> {
  return {
    fallback,
    numeric: true,
    expected: `a number from ${min} to ${max}`,
    accepts: (value) => typeof value === 'number' && value >= min && value <= max,
  }
}

export function oneOf<const T extends string>(
  choices: readonly T[],
  fallback: NoInfer<T>,
): OptionRule<T> {
  return {
    fallback,
    choices,
    expected: `one of ${choices.map((choice) => `'${choice}'`).join(', ')}`,
    accepts: (value) => choices.includes(value as T),
  }
}

export function flag(fallback: boolean): OptionRule<boolean> {
  return { fallback, expected: 'a boolean', accepts: (value) => typeof value === 'boolean' }
}

/** A rule of one's own; `fallback` may be undefined for an option without default. */
export function rule<T>(
  expected: string,
  accepts: (value: unknown) => boolean,
  fallback: T,
): OptionRule<T> {
  return { fallback, expected, accepts }
}

/** The same rule, for an option that may be left out and then stays undefined. */
export function optional<T>(of: OptionRule<T>): OptionRule<T | undefined> {
  return { ...of, fallback: undefined }
}

/** The same rule, for an option that has to be given. */
export function required<T>(of: OptionRule<T>): OptionRule<T> {
  return { ...of, required: true }
}

/** What is said of a name that is none of the known ones: the nearest of them, else all. */
export function unknownName(kind: string, name: string, known: readonly string[]): string {
  const near = known.length > 0 ? closest(name, known) : undefined
  const hint =
    near !== undefined && distance(name, near) <= Math.max(2, name.length / 3)
      ? `: did you mean \`${near}\`?`
      : `; known: ${known.join(', ') || 'none'}`
  return `unknown ${kind} \`${name}\`${hint}`
}

/** A time of the API's; which years it may be of, its reader says. */
export const timeRule: OptionRule<number> = rule('a time in Unix ms', Number.isFinite, 0)

export const signalRule: OptionRule<AbortSignal | undefined> = rule(
  'an AbortSignal',
  (value) => value instanceof AbortSignal,
  undefined,
)
