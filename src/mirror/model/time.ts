const earliestMs = Date.UTC(2000, 0)
const latestMs = Date.UTC(2100, 0)

/** What an error says that a time had to be. */
export const unixMsForm = 'a time from 2000 to 2100 in whole Unix ms'

/** Whether a value is such a time: one in seconds or microseconds is far outside. */
export function isUnixMs(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= earliestMs && Number(value) < latestMs
}
