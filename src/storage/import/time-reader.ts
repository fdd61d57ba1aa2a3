import type { ColumnReference } from './file-relation.ts'
import { literal } from './file-relation.ts'
import type { TimeUnit } from './import-options.ts'
import { strptimeOf } from './time-format.ts'
import { guessTimeUnit, timeExpression, timeType } from './time-unit.ts'

/** How a file's times are read. */
export interface TimeReader {
  readonly unit: TimeUnit
  readonly guessed: boolean
  /** The type as which a text file's times are parsed. */
  readonly type: string
  /** The expression that reads a column as TIMESTAMP, NULL where it is no time. */
  readonly expression: (column: ColumnReference) => string
}

/** Of the caller's unit or format, else guessed from the first values. */
export function timeReader(
  given: { readonly unit: TimeUnit | undefined; readonly format: string | undefined },
  samples: readonly string[],
): TimeReader {
  if (given.format !== undefined) {
    const pattern = literal(strptimeOf(given.format))
    return {
      unit: 'iso',
      guessed: false,
      type: 'VARCHAR',
      expression: ({ sql }) => `try_strptime(trim(${sql}::VARCHAR), ${pattern})::TIMESTAMP`,
    }
  }
  const unit = given.unit ?? guessTimeUnit(samples)
  return {
    unit,
    guessed: given.unit === undefined,
    type: timeType(unit),
    expression: (column) => timeExpression(column, unit),
  }
}

const unitNames = { s: 'Unix s', ms: 'Unix ms', us: 'Unix µs', ns: 'Unix ns', iso: 'a date' }
const unitWords = { s: 'seconds', ms: 'milliseconds', us: 'microseconds', ns: 'nanoseconds' }

/** Why a time cannot be stored, told of the unit in which the file's times were read. */
export function whyNoTime(reason: string, value: unknown, { unit, guessed }: TimeReader): string {
  const read = reason.replace('in Unix ms', `when read as ${unitNames[unit]}`)
  const number = typeof value === 'number' || typeof value === 'string' ? Number(value) : NaN
  if (unit === 'iso')
    return Number.isNaN(number) && typeof value === 'string' && /\d/.test(value)
      ? `${read} (\`--time-format\`, in the library \`timeFormat\`, says how it is written, such as dd/MM/yyyy HH:mm:ss)`
      : read
  const other = guessTimeUnit([String(value)])
  if (!guessed || Number.isNaN(number) || other === unit || other === 'iso' || number < 9e8)
    return read
  return `${read}: it is a time in ${unitWords[other]}, while the file began in ${unitWords[unit]}; the unit changes here, so split the file and import each part`
}
