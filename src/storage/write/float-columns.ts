import { PairduckError } from '../../errors.ts'

/**
 * A column of ticks, with 32-bit floats as the decimals they were made from: 42283.7 is
 * 42283.69921875 among them. Throws INVALID_TICK for times, of which they keep minutes only.
 */
export function withoutFloats<Values>(name: string, values: Values): Values | Float64Array {
  if (!(values instanceof Float32Array)) return values
  if (name === 'timestamp')
    throw new PairduckError(
      'INVALID_TICK',
      'columns of ticks: `timestamp` is a Float32Array, which is wrong by minutes: give the times as a Float64Array or an array of numbers',
      { field: name },
    )
  return Float64Array.from(values, decimalOf)
}

/** The shortest decimal that gives the float; six digits survive in any, nine tell all apart. */
function decimalOf(float: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const decimal = Number(float.toPrecision(digits))
    if (Math.fround(decimal) === float) return decimal
  }
  return Number(float.toPrecision(9))
}
