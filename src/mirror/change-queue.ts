import { PairduckError } from '../errors.ts'
import { planChanges } from './change.ts'
import type { Change, PlannedChange } from './change.ts'
import type { ValkeyClient } from './clients/valkey-client.ts'
import type { MirrorKeys } from './keys.ts'
import type { MirrorState } from './mirror-state.ts'
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
    const deadline = performance.now() + writeTimeoutMs
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
    const jobs = this.#nextJobs()
    const waiting = jobs
      .flatMap((job) =>
        job.changes.slice(job.done, job.done + maxUnitChanges).map((change) => ({ job, change })),
      )
      .slice(0, maxUnitChanges)
    const changes = waiting.map(({ change }) => change)
    let results: PlannedChange[] = []
    try {
      await this.#options.writer.write(async (plan) => {
        results = await planChanges(plan, changes, this.#options)
      }, jobs[0]!.deadline)
    } catch (error) {
      this.#reject(jobs, error)
      return
    }
    for (const [index, result] of results.entries()) this.#settle(waiting[index]!.job, result)
  }

  /** The jobs at the head of the line whose changes fit into one unit. */
  #nextJobs(): ChangeJob[] {
    const jobs: ChangeJob[] = []
    let size = 0
    for (const job of this.#jobs) {
      if ('run' in job || size >= maxUnitChanges || (this.#apart > 0 && jobs.length > 0)) break
      jobs.push(job)
      size += job.changes.length - job.done
    }
    if (this.#apart > 0) this.#apart -= 1
    return jobs
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
