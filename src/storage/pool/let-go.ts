import { PairduckError } from '../../errors.ts'

/**
 * How long closing waits for statements that it interrupted. The engine hears that between steps of
 * 2,048 values, and what takes longer than this within one may take for ever.
 */
export const letGoMs = 1_500

/** Whether `work` ends within a time, well or not; it goes on when it does not. */
export async function endsWithin(ms: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms)
  })
  const ended = Promise.allSettled([work]).then(() => true)
  try {
    return await Promise.race([ended, late])
  } finally {
    clearTimeout(timer)
  }
}

/** What closing says of a pair whose file is still being read. */
export function stillRead(pair: string): PairduckError {
  return new PairduckError(
    'DEADLINE_EXCEEDED',
    `${pair}: a statement that reads it is in a step that the engine does not interrupt; what was acknowledged is stored, and the file is closed when the step or the process ends`,
    { pair, timeoutMs: letGoMs },
  )
}
