/** Waits for all, whatever becomes of one; the failures come together as an AggregateError. */
export async function closeTogether(closings: readonly Promise<void>[]): Promise<void> {
  const failures = (await Promise.allSettled(closings))
    .filter((end) => end.status === 'rejected')
    .map(({ reason }) => reason as unknown)
  if (failures.length > 0)
    throw new AggregateError(failures, `${failures.length} pairs were not closed as they should be`)
}
