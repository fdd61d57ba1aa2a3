import { PairduckError, visible } from '../../errors.ts'
import { fromDuckDb } from '../duckdb/duckdb-errors.ts'

/** An error of ours as it is; any other one as `IMPORT_FAILED` or `DISK_FULL`, naming the file. */
export function importFailed(file: string, error: unknown): PairduckError {
  if (error instanceof PairduckError) return error
  // What is stored is another's matter: a file itself is written to the temporary folder alone.
  if (fromDuckDb(error, '', 'IMPORT_FAILED').code === 'DISK_FULL')
    return new PairduckError(
      'DISK_FULL',
      `${visible(file)}: ${noRoom(error)} in the temporary folder (TMPDIR says where that is)`,
      { cause: error, file },
    )
  const message = error instanceof Error ? error.message : String(error)
  return new PairduckError(
    'IMPORT_FAILED',
    `${visible(file)}: ${visible(message.split('\n', 1)[0]!.trim())}`,
    { cause: error, file },
  )
}

function noRoom(error: unknown): string {
  const isTooLarge = (error as NodeJS.ErrnoException).code === 'EFBIG'
  return isTooLarge ? 'larger than a file may be (`ulimit -f`)' : 'no space for it'
}
