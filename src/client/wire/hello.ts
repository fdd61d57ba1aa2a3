import { PairduckError } from '../../errors.ts'
import type { HttpCaller } from './http-caller.ts'

/** Who answers. */
export interface Hello {
  /** Another one each time that a server begins. */
  readonly instance: string
  /** It holds pairs for a moment only, as a command that reads does: nobody may build on it. */
  readonly passing: boolean
}

/** A process that was stopped, or is stuck, takes connections and answers nothing. */
const answerMs = 10_000

/** `CONNECTION_LOST` when nobody answers in time. */
export async function hello(http: HttpCaller): Promise<Hello> {
  const signal = AbortSignal.timeout(answerMs)
  try {
    return await http.json({ method: 'GET', path: '/api/v1/store/hello', signal })
  } catch (error) {
    if (!signal.aborted) throw error
    throw new PairduckError(
      'CONNECTION_LOST',
      `the store takes connections and has answered nothing for ${answerMs} ms`,
      { cause: error },
    )
  }
}
