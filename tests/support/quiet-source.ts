import type { AccountSource } from '../../src/mirror/model/account-source.ts'

/** A source of an account in which nothing is, with whatever else is said. */
export function quietSource(rest: Partial<AccountSource> = {}): AccountSource {
  return {
    name: 'quiet',
    fetchOpenOrders: async () => [],
    fetchOrder: async () => undefined,
    fetchBalances: async () => [],
    ...rest,
  }
}

/** A stream that yields these batches and is silent then, until the signal. */
export async function* streamOf<Event>(
  signal: AbortSignal,
  ...batches: readonly (readonly Event[])[]
): AsyncGenerator<readonly Event[]> {
  for (const batch of batches) yield batch
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
