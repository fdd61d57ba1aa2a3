import { PairduckError, shown } from '../../errors.ts'
import type { AccountSource } from './account-source.ts'

/** The members of a source that yield what changed. */
export type StreamName = Extract<keyof AccountSource, `watch${string}`>

/** What the lists hold that a stream yields. */
export type Streamed<Name extends StreamName> =
  ReturnType<NonNullable<AccountSource[Name]>> extends AsyncIterable<readonly (infer Item)[]>
    ? Item
    : never

/**
 * A stream of a source, each step of which is looked at: what is no stream, no step of one or no
 * list is an `EXCHANGE_FAILED` that names the member and what came. What a stream fails with by
 * itself stays as it is.
 */
export function streamFrom<Name extends StreamName>(
  source: AccountSource,
  member: Name,
  signal: AbortSignal,
): AsyncIterable<readonly Streamed<Name>[]> {
  const refuse = (what: string, cause?: unknown): PairduckError =>
    streamError(source, member, what, cause)
  let iterable: unknown
  let iterator: Partial<AsyncIterator<unknown>> | undefined
  try {
    iterable = source[member]?.(signal)
    iterator = (iterable as AsyncIterable<unknown> | null | undefined)?.[Symbol.asyncIterator]?.()
  } catch (error) {
    throw refuse(`threw instead of giving a stream: ${String(error)}`, error)
  }
  if (typeof iterator?.next !== 'function')
    throw refuse(`gave ${shown(iterable)} instead of an async iterable`)
  const next = async (): Promise<IteratorResult<readonly Streamed<Name>[]>> => {
    const step = (await iterator.next?.()) as IteratorResult<unknown> | null | undefined
    if (typeof step !== 'object' || step === null)
      throw refuse(`gave ${shown(step)} instead of a step of a stream`)
    if (step.done !== true && !Array.isArray(step.value))
      throw refuse(`yielded ${shown(step.value)} instead of a list`)
    return step as IteratorResult<readonly Streamed<Name>[]>
  }
  const end = async (): Promise<IteratorResult<readonly Streamed<Name>[]>> => {
    await iterator.return?.()
    return { done: true, value: undefined }
  }
  return { [Symbol.asyncIterator]: () => ({ next, return: end }) }
}

/** What is told of a stream that ended soon and by itself. */
export function endedError(source: AccountSource, member: StreamName): PairduckError {
  return streamError(source, member, 'ended by itself, and is begun again')
}

function streamError(
  { name }: AccountSource,
  member: StreamName,
  what: string,
  cause?: unknown,
): PairduckError {
  return new PairduckError('EXCHANGE_FAILED', `${name}: ${member} ${what}`, {
    source: name,
    member,
    cause,
  })
}
