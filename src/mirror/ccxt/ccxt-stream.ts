import { untilAborted } from '../../until-aborted.ts'

/**
 * Yields what each call gives, reduced to what is `wanted`, until the signal; a call that hangs
 * then is left alone. No batch is held once it was yielded.
 */
export async function* ccxtStream<Item>(
  signal: AbortSignal,
  next: () => Promise<readonly Item[]>,
  wanted: (item: Item) => boolean = () => true,
): AsyncGenerator<readonly Item[]> {
  while (!signal.aborted) {
    let items: readonly Item[]
    try {
      items = await untilAborted(next(), signal)
    } catch (error) {
      if (signal.aborted) return
      throw error
    }
    yield items.filter(wanted)
  }
}
