import { PairduckError } from '../../errors.ts'
import { pause } from '../model/clock.ts'
import type { MirrorClock } from '../model/clock.ts'
import type { RunSettings } from './run-options.ts'

/** The writer's right to write, as far as it can be had again. */
export interface LostRight {
  /** Whether the fence went though nobody is known to have taken over. */
  readonly isLostToNobody: boolean
  /** Takes over again. Rejects with `FENCED` when somebody else holds the fence. */
  takeBack(): Promise<void>
}

/** Runs until the end; with `reopen` also after the right to write was lost to nobody. */
export async function runReopening(
  run: () => Promise<void>,
  clock: MirrorClock,
  right: LostRight,
  { reopen, signal, firstRetryMs, lastRetryMs }: RunSettings,
): Promise<void> {
  for (;;) {
    try {
      return await run()
    } catch (error) {
      if (!reopen || !PairduckError.is(error, 'FENCED') || !right.isLostToNobody) throw error
    }
    for (let retryMs = firstRetryMs; ; retryMs = Math.min(retryMs * 2, lastRetryMs)) {
      if (signal?.aborted === true) return
      try {
        await right.takeBack()
        break
      } catch (error) {
        if (!PairduckError.is(error, 'VALKEY_UNREACHABLE')) throw error
      }
      await pause(clock, retryMs, signal)
    }
  }
}
