/**
 * Lets `perPair` callers at each pair take that pair's calls one after the other, every caller
 * awaiting its own before it takes the next. Resolves with the milliseconds that all took.
 */
export async function letCallersRun<Call>(
  pairs: number,
  perPair: number,
  calls: readonly Call[],
  send: (pair: number, call: Call) => Promise<unknown>,
): Promise<number> {
  const startedAt = performance.now()
  const everyone: Promise<void>[] = []
  for (let pair = 0; pair < pairs; pair++) {
    let next = 0
    const caller = async (): Promise<void> => {
      while (next < calls.length) await send(pair, calls[next++]!)
    }
    for (let each = 0; each < perPair; each++) everyone.push(caller())
  }
  await Promise.all(everyone)
  return performance.now() - startedAt
}
