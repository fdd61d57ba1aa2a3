import { InvalidArgumentError, Option } from 'commander'
import type { RetentionOptions } from '../schema/retention-policy.ts'
import { formatPair, parsePair } from '../pair.ts'
import { msFromIso } from '../iso-time.ts'
import { parseDuration } from './duration.ts'
import { earliestMs, isTimeframe, latestMs, timeframes, type Timeframe } from '../time.ts'

/** A pair in its one text form. Throws `INVALID_PAIR`. */
export function pairArgument(text: string): string {
  return formatPair(parsePair(text))
}

/** A folder; no name at all would be the one the command is run in. */
export function folderArgument(text: string): string {
  if (text === '') throw new InvalidArgumentError('Expected the name of a folder.')
  return text
}

/**
 * A time as Unix ms (the fraction carrying microseconds) from ISO 8601 or a number of Unix ms.
 * Without a zone it is UTC, not the zone of the machine: files and tables hold UTC.
 */
export function timeArgument(text: string): number {
  const ms = /^\d+(?:\.\d+)?$/.test(text) && !/^\d{4}$/.test(text) ? Number(text) : msFromIso(text)
  if (ms === undefined || Number.isNaN(ms))
    throw new InvalidArgumentError(
      'Expected ISO 8601 such as 2024-08-08T23:54:15Z, or Unix milliseconds.',
    )
  if (ms < earliestMs || ms >= latestMs)
    throw new InvalidArgumentError(
      'That is not between the years 2000 and 2100; a number is read as Unix milliseconds.',
    )
  return ms
}

/** A time, or the pair's own: that of its newest tick. */
export function momentArgument(text: string): number | 'newest-tick' {
  return text === 'newest-tick' ? text : timeArgument(text)
}

/** An age or a span, such as `90s`, `15m`, `7d`, in whole ms. */
export function durationArgument(text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined) throw new InvalidArgumentError('Expected a span such as 90s, 15m, 2h, 7d.')
  return Math.round(ms)
}

/** How long ticks are kept: a span, or for ever. */
export function keepArgument(text: string): number | 'forever' {
  return text === 'forever' ? text : durationArgument(text)
}

/** The retention that {@link keepArgument} asks for. */
export function keptFor(keep: number | 'forever'): RetentionOptions {
  return keep === 'forever' ? keep : { ticks: keep }
}

export function timeframeArgument(text: string): Timeframe {
  if (!isTimeframe(text))
    throw new InvalidArgumentError(`Expected one of ${timeframes.join(', ')}.`)
  return text
}

export function timeframesArgument(text: string): Timeframe[] {
  return text.split(',').map((part) => timeframeArgument(part.trim()))
}

export function numberArgument(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (!Number.isFinite(value)) throw new InvalidArgumentError('Expected a number.')
  return value
}

export function positiveArgument(text: string): number {
  const value = numberArgument(text)
  if (value <= 0) throw new InvalidArgumentError('Expected a number above 0.')
  return value
}

export function countArgument(text: string): number {
  const value = numberArgument(text)
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('Expected a whole number from 1 on.')
  return value
}

/** `1,2,3` */
export function numbersArgument(text: string): number[] {
  return text.split(',').map((part) => positiveArgument(part.trim()))
}

/** Where a running sum begins anew: `none`, `session`, or every so many bars. */
export function resetArgument(text: string): 'none' | 'session' | number {
  if (text === 'none' || text === 'session') return text
  if (!/^\d+$/.test(text))
    throw new InvalidArgumentError('Expected none, session or a number of bars.')
  return countArgument(text)
}

/** An option that takes one of some words; the first is the default. */
export function choiceOption(
  flags: string,
  description: string,
  choices: readonly string[],
): Option {
  return new Option(flags, description).choices(choices).default(choices[0])
}
