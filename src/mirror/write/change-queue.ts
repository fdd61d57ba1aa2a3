import { PairduckError } from '../../errors.ts'
import { layChanges, planChanges } from './change.ts'
import type { Change, PlannedChange } from './change.ts'
import type { ValkeyClient } from '../../valkey/valkey-client.ts'
import type { MirrorClock } from '../model/clock.ts'
import type { MirrorKeys } from '../stored/keys.ts'
import { wholeTurn } from '../stored/whole-turn.ts'
import type { MirrorState } from './mirror-state.ts'
import type { UnitPlan } from './unit-plan.ts'
import type { UnitWriter } from './unit-writer.ts'

/** What became of the changes of one call. */
export interface ChangeCounts {
  readonly written: number
  /** Older, repeated or already known: they changed nothing. */
  readonly unchanged: number
  /** What could not be mirrored beside what is known. */
  readonly refused: readonly PairduckError[]
}

interface ChangeJob {
  readonly changes: readonly Change[]
  readonly deadline: number
  readonly resolve: (counts: ChangeCounts) => void
  readonly reject: (error: unknown) => void
  readonly refused: PairduckError[]
  done: number
  written: number
}

interface WaitingChange {
  readonly job: ChangeJob
  readonly change: Change
}

/** The next unit, planned upon the one that is under way. */
interface AheadUnit {
  readonly waiting: readonly WaitingChange[]
  readonly plan: UnitPlan
  readonly results: PlannedChange[]
}

/** A job that has the writer for itself; changes wait meanwhile. */
interface AloneJob {
  readonly run: () => Promise<void>
  readonly reject: (error: unknown) => void
}

export interface ChangeQueueOptions {
  readonly writer: UnitWriter
  readonly state: MirrorState
  readonly keys: MirrorKeys
  readonly client: ValkeyClient
  readonly maxPending: number
  readonly writeTimeoutMs: number
  readonly clock: MirrorClock
}

/** The most changes that go into one unit. */
const maxUnitChanges = 500

/**
 * The one line in which all changes stand. Calls that arrive while a unit is under way go
 * together into the next one, so that many callers cost one round trip.
 */
export class ChangeQueue {
  readonly #options: ChangeQueueOptions
  readonly #jobs: (ChangeJob | AloneJob)[] = []
  #pending = 0
  #running: Promise<void> | undefined
  /** After a refusal each call's changes are tried apart, so that one can't fail another. */
  #apart = 0
  #ahead: AheadUnit | undefined

  constructor(options: ChangeQueueOptions) {
    this.#options = options
  }

  /** Changes that wait or are being written. */
  get pending(): number {
    return this.#pending
  }

  /** Resolves when the changes are written. Rejects at once with `BACKPRESSURE` when full. */
  async submit(changes: readonly Change[]): Promise<ChangeCounts> {
    if (changes.length === 0) return { written: 0, unchanged: 0, refused: [] }
    const { maxPending, writeTimeoutMs } = this.#options
    if (this.#pending + changes.length > maxPending)
      throw new PairduckError(
        'BACKPRESSURE',
        `${this.#pending} changes wait to be mirrored and ${changes.length} more would pass maxPending ${maxPending}`,
        { pending: this.#pending, maxPending },
      )
    this.#pending += changes.length
    const deadline = this.#options.clock.monotonicMs() + writeTimeoutMs
    return new Promise((resolve, reject) => {
      this.#jobs.push({ changes, deadline, resolve, reject, refused: [], done: 0, written: 0 })
      this.#start()
    })
  }

  /** Runs when all changes before it are written, and before any that come later. */
  async alone<T>(run: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#jobs.push({ run: async () => resolve(await run()), reject })
      this.#start()
    })
  }

  /** Resolves when nothing waits any more. */
  async drained(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  /** Rejects everything that waits. */
  rejectAll(error: PairduckError): void {
    this.#ahead = undefined
    for (const job of this.#jobs.splice(0)) this.#fail(job, error)
  }

  #start(): void {
    this.#running ??= this.#run()
  }

  async #run(): Promise<void> {
    for (let job = this.#jobs[0]; job !== undefined; job = this.#jobs[0]) {
      if ('run' in job) {
        this.#jobs.shift()
        await job.run().catch(job.reject)
      } else await this.#writeUnit()
    }
    this.#running = undefined
  }

  async #writeUnit(): Promise<void> {
    const ahead = this.#takeAhead()
    const waiting = ahead?.waiting ?? this.#nextChanges()
    let results = ahead?.results ?? []
    const changes = waiting.map(({ change }) => change)
    const isLong = changes.length >= maxUnitChanges / 2
    const plan = async (unit: UnitPlan): Promise<void> => {
      // What was planned upon an attempt that failed is not what comes after this one.
      this.#ahead = undefined
      // Checking so many has taken the caller's turn of the event loop.
      if (isLong) await wholeTurn()
      results = await planChanges(unit, changes, this.#options)
      // Planning so many has taken another one, and encoding them takes as long.
      if (isLong) await wholeTurn()
    }
    const meanwhile =
      this.#pending < changes.length + maxUnitChanges
        ? undefined
        : (unit: UnitPlan) => this.#planAhead(unit, results.length)
    try {
      const overlap = { planned: ahead?.plan, meanwhile }
      await this.#options.writer.write(plan, waiting[0]!.job.deadline, overlap)
    } catch (error) {
      this.#ahead = undefined
      this.#reject([...new Set(waiting.map(({ job }) => job))], error)
      return
    }
    for (const [index, result] of results.entries()) this.#settle(waiting[index]!.job, result)
  }

  /**
   * Plans and encodes the unit that comes after `skip` changes while the one of these is under
   * way: the server would else wait for it. Only whole units of orders, for whose planning nothing
   * has to be read; less is worth more as a part of a unit that gathers what comes meanwhile.
   */
  async #planAhead(underWay: UnitPlan, skip: number): Promise<void> {
    // The client sends in its own turn of the event loop, and other work wants one as well.
    await wholeTurn()
    const { writer } = this.#options
    const waiting = this.#apart > 0 ? [] : this.#nextChanges(skip)
    if (waiting.length < maxUnitChanges) return
    const changes = waiting.map(({ change }) => change)
    if (!changes.every((each) => each.kind === 'order')) return
    const plan = writer.plan(underWay)
    const results = layChanges(plan, changes)
    await wholeTurn()
    plan.encode()
    this.#ahead = { waiting, plan, results }
  }

  #takeAhead(): AheadUnit | undefined {
    const ahead = this.#ahead
    this.#ahead = undefined
    return ahead
  }

  /** The changes at the head of the line, after the first ones, that fit into one unit. */
  #nextChanges(skip = 0): WaitingChange[] {
    const waiting: WaitingChange[] = []
    let toSkip = skip
    for (const job of this.#jobs) {
      if ('run' in job || waiting.length >= maxUnitChanges) break
      if (this.#apart > 0 && waiting.length > 0) break
      const first = job.done + toSkip
      toSkip = Math.max(0, first - job.changes.length)
      const last = Math.min(job.changes.length, first + maxUnitChanges - waiting.length)
      for (let at = first; at < last; at++) waiting.push({ job, change: job.changes[at]! })
    }
    if (this.#apart > 0) this.#apart -= 1
    return waiting
  }

  #settle(job: ChangeJob, result: PlannedChange): void {
    job.done += 1
    if (result instanceof PairduckError) job.refused.push(result)
    else job.written += Number(result)
    this.#pending -= 1
    if (job.done < job.changes.length) return
    this.#remove(job)
    const { written, refused } = job
    job.resolve({ written, unchanged: job.changes.length - written - refused.length, refused })
  }

  #reject(jobs: readonly ChangeJob[], error: unknown): void {
    const ofOneCall =
      PairduckError.is(error, 'VALKEY_WRONG_TYPE') || PairduckError.is(error, 'VALKEY_REFUSED')
    if (ofOneCall && jobs.length > 1) {
      this.#apart = jobs.length
      return
    }
    for (const job of jobs) {
      this.#remove(job)
      this.#fail(job, error)
    }
  }

  #remove(job: ChangeJob): void {
    const index = this.#jobs.indexOf(job)
    if (index >= 0) this.#jobs.splice(index, 1)
  }

  #fail(job: ChangeJob | AloneJob, error: unknown): void {
    if ('changes' in job) this.#pending -= job.changes.length - job.done
    job.reject(error)
  }
}
