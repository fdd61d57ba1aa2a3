import { PairduckError } from '../../errors.ts'

/** A part that was cut short would be told in the words of whoever reads it, or not at all. */
export function refuseOtherSize(
  part: string,
  { is, expected }: { readonly is: number; readonly expected: number | undefined },
): void {
  if (expected === undefined || is === expected) return
  throw new PairduckError(
    'IO_FAILED',
    `${part} has ${is} bytes and was written with ${expected}: it was cut short, or changed`,
    { file: part },
  )
}
