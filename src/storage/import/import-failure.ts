import { PairduckError, visible } from '../../errors.ts'

/** An error of ours as it is; any other one as `IMPORT_FAILED`, naming the file. */
export function importFailed(file: string, error: unknown): PairduckError {
  if (error instanceof PairduckError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new PairduckError(
    'IMPORT_FAILED',
    `${visible(file)}: ${visible(message.split('\n', 1)[0]!.trim())}`,
    { cause: error, file },
  )
}
