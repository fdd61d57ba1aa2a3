/**
 * What neither a double nor JSON tells stands in a JSON text for a moment as a text behind this
 * sign: the digits of a number that a double rounds, a NaN; and so does a text that begins with it.
 */
const mark = '\0'
const markInJson = '"\\u0000'

/** A DECIMAL as the double that the engine's own cast gives: one beyond 2^53 is divided before it is rounded. */
export function decimalNumber(value: bigint, scale: number): number {
  // 10 ** 34 is not the double nearest to it.
  const divisor = Number(`1e${scale}`)
  const whole = Number(value)
  if (Math.abs(whole) < 2 ** 53) return whole / divisor
  const parts = 10n ** BigInt(scale)
  return Number(value / parts) + Number(value % parts) / divisor
}

/** All digits of a DECIMAL; undefined where its double, or a whole number up to 2^53, tells them. */
export function decimalDigits(value: bigint, scale: number): string | undefined {
  if (scale === 0) return wholeDigits(value)
  const digits = String(value < 0n ? -value : value)
  // A decimal of 15 digits comes back from a double as it was.
  if (digits.length <= 15 || isTold(digits, scale, decimalNumber(value, scale))) return undefined
  const padded = digits.padStart(scale + 1, '0')
  return `${value < 0n ? '-' : ''}${padded.slice(0, -scale)}.${padded.slice(-scale)}`
}

/** The digits of a whole number beyond 2^53. */
export function wholeDigits(value: bigint): string | undefined {
  return Number.isSafeInteger(Number(value)) ? undefined : String(value)
}

/** Whether a double, written as short as it can be, has the same digits. */
function isTold(digits: string, scale: number, double: number): boolean {
  const [mantissa, exponent] = Math.abs(double).toExponential().split('e') as [string, string]
  return (
    mantissa.replace('.', '') === digits.replace(/0+$/, '') &&
    Number(exponent) === digits.length - 1 - scale
  )
}

/** A number whose digits a double rounds, as it stands in a JSON text; {@link parseMarked} reads it. */
export function markedDigits(digits: string): string {
  return mark + digits
}

/** The same for a double: JSON has no NaN, no infinity and no negative zero. */
export function markedDouble(value: number): number | string {
  if (Number.isFinite(value) && !Object.is(value, -0)) return value
  return mark + (Object.is(value, -0) ? '-0' : String(value))
}

/** The same for a text. */
export function markedText(text: string): string {
  return text.startsWith(mark) ? mark + text : text
}

/** Whether something in a JSON text is marked. */
export function isMarked(json: string): boolean {
  return json.includes(markInJson)
}

/** What a marked JSON text stands for, with numbers as doubles. */
export function parseMarked(json: string): unknown {
  return JSON.parse(json, (_name, value: unknown) => unmarked(value, doubleOf))
}

/** The same as JSON for everybody: digits that a double rounds as text, and null for what is no number. */
export function toldJson(json: string): string {
  return JSON.stringify(JSON.parse(json, (_name, value: unknown) => unmarked(value, toldOf)))
}

function unmarked(value: unknown, numberOf: (digits: string) => unknown): unknown {
  if (typeof value !== 'string' || !value.startsWith(mark)) return value
  const rest = value.slice(mark.length)
  return rest.startsWith(mark) ? rest : numberOf(rest)
}

function doubleOf(digits: string): number {
  const [whole, fraction] = digits.split('.') as [string, string | undefined]
  return fraction === undefined
    ? Number(digits)
    : decimalNumber(BigInt(whole + fraction), fraction.length)
}

function toldOf(digits: string): unknown {
  if (digits === '-0') return 0
  return Number.isNaN(Number(digits)) || /Infinity/.test(digits) ? null : digits
}
