import type { MirrorClock } from '../model/clock.ts'
import type { Fence } from './fence.ts'

export interface LeaseRenewalOptions {
  readonly fence: Fence
  readonly clock: MirrorClock
  readonly leaseMs: number
  /** Told when there may be something to look after. */
  readonly onDoubt: () => void
}

/** Renews a writer's lease at a third of its length, beside whatever is being written. */
export class LeaseRenewal {
  readonly #options: LeaseRenewalOptions
  #cancel: () => void = () => undefined

  constructor(options: LeaseRenewalOptions) {
    this.#options = options
  }

  start(): void {
    const { fence, clock, leaseMs, onDoubt } = this.#options
    this.#cancel()
    this.#cancel = clock.schedule(leaseMs / 3, () => {
      this.start()
      // A reconcile may hold the writer for longer than the lease.
      void fence.extendLease().then((isSound) => isSound || onDoubt(), onDoubt)
    })
  }

  stop(): void {
    this.#cancel()
  }
}
