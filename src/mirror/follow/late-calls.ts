import type { AccountSource } from '../model/account-source.ts'
import type { MirrorClock } from '../model/clock.ts'
import { isLate } from '../write/source-limit.ts'

/** A call that is waited for in vain is made again after as long, and ever later up to so many times. */
const longestFactor = 32
/** So many times as long as it is waited for once, a call that may still be answered is not made anew. */
const keptFactor = 4

/** One call of a source, whether or not it is still waited for. */
interface Call<T = unknown> {
  readonly answer: Promise<T>
  readonly beganMs: number
  isAnswered: boolean
}

interface Late {
  readonly count: number
  readonly untilMs: number
  readonly waitedMs: number
  readonly call: Call
}

/** What a call gave, and how long before it was asked for it began: 0, unless it was late the time before. */
export interface Answer<T> {
  readonly given: T
  readonly agoMs: number
}

/** What makes a call of a source within its time. */
export type CallSource = <T>(member: keyof AccountSource, ask: () => Promise<T>) => Promise<T>

/**
 * The calls of a source, of which one that is never answered is not made each time: changes wait
 * while a snapshot is taken.
 */
export class LateCalls {
  readonly #call: CallSource
  readonly #clock: MirrorClock
  readonly #late = new Map<keyof AccountSource, Late>()

  constructor(call: CallSource, clock: MirrorClock) {
    this.#call = call
    this.#clock = clock
  }

  /**
   * What the call gives; undefined when it is put off. An answer that comes when it is waited for no
   * longer is taken later, if its call began at most `keepMs` ago: a long list would never be had
   * otherwise.
   */
  async ask<T>(
    member: keyof AccountSource,
    ask: () => Promise<T>,
    { keepMs = 0 }: { keepMs?: number } = {},
  ): Promise<Answer<T> | undefined> {
    const late = this.#late.get(member)
    const nowMs = this.#clock.monotonicMs()
    const kept = late !== undefined && isKept(late, nowMs, keepMs) ? late.call : undefined
    if (late !== undefined && nowMs < late.untilMs && kept?.isAnswered !== true) return undefined
    const call = (kept as Call<T> | undefined) ?? this.#begin(ask)
    try {
      const given = await this.#call(member, () => call.answer)
      this.#late.delete(member)
      return { given, agoMs: nowMs - call.beganMs }
    } catch (error) {
      if (isLate(error)) this.#putOff(member, Number(error.details['waitedMs']), call)
      else this.#late.delete(member)
      throw error
    }
  }

  #begin<T>(ask: () => Promise<T>): Call<T> {
    // A source may throw, or give what is no promise.
    const answer = (async () => ask())()
    const call = { answer, beganMs: this.#clock.monotonicMs(), isAnswered: false }
    const answered = (): void => void (call.isAnswered = true)
    answer.then(answered, answered)
    return call
  }

  #putOff(member: keyof AccountSource, waitedMs: number, call: Call): void {
    const count = (this.#late.get(member)?.count ?? 0) + 1
    const factor = Math.min(2 ** (count - 1), longestFactor)
    const untilMs = this.#clock.monotonicMs() + waitedMs * factor
    this.#late.set(member, { count, untilMs, waitedMs, call })
  }
}

function isKept({ call, waitedMs }: Late, nowMs: number, keepMs: number): boolean {
  return nowMs - call.beganMs < (call.isAnswered ? keepMs : Math.min(keepMs, keptFactor * waitedMs))
}
