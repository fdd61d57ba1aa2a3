import { PairduckError } from '../../errors.ts'

/** `REQUEST_REFUSED` for an answer of more rows than it may have. */
export function tooManyRows(maxRows: number): PairduckError {
  return new PairduckError(
    'REQUEST_REFUSED',
    `the answer has more than ${maxRows} rows (\`maxRows\`): ask for a shorter window, or page`,
    { maxRows },
  )
}
