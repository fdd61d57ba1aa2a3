const earliestMs = Date.UTC(2000, 0)
const latestMs = Date.UTC(2100, 0)

/** What an error says that a time had to be. */
export const unixMsForm = 'a time from 2000 to 2100 in whole Unix ms'

/** Whether a value is such a time: one in seconds or microseconds is far outside. */
export function isUnixMs(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= earliestMs && Number(value) < latestMs
}

/** What an error says that a time had to be of which an old one does no harm. */
export const orderedMsForm = 'a time before 2100 in whole Unix ms'

/** Whether later events can come after such a time; none comes after one in microseconds. */
export function isOrderedMs(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) < latestMs
}
