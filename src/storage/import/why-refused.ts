import { whyNoNumber } from './number-reader.ts'
import { whyNoTime, type TimeReader } from './time-reader.ts'

/** What is wrong with a value of a file's column, and what to do about it. */
export function whyRefused(
  reason: string,
  of: { readonly value: unknown; readonly column: string; readonly isTime: boolean },
  time: TimeReader,
): string {
  const { value, column, isTime } = of
  // Of two joined columns the values stand side by side.
  if (typeof value === 'string' && value.trim() === column.trim().replaceAll('+', ' '))
    return `${reason}: it is the name of the column, so the header comes again here: import each of the files that were put together, or leave such lines out with --skip-invalid (\`skipInvalid\`)`
  return isTime ? whyNoTime(reason, value, time) : whyNoNumber(reason, value)
}
