/**
 * Arithmetic on decimal texts whose digits, those of the result included, a double holds exactly:
 * nearly all amounts and prices. It costs a fraction of big integers. Every function gives
 * undefined where a text has more digits, or is not decimal text at all.
 */

/** So many digits are less than 2^53, and so is twice their value. */
const maxDigits = 15

const powers: readonly number[] = Array.from({ length: maxDigits + 1 }, (_, digits) => 10 ** digits)

export function addSmall(a: string, b: string, sign: 1 | -1): string | undefined {
  return alignDigits(a, b) ? formatDigits(aligned[0]! + sign * aligned[1]!, scale) : undefined
}

export function multiplySmall(a: string, b: string): string | undefined {
  const digits = readDigits(a)
  const digitsScale = scale
  const product = digits * readDigits(b)
  return isSmall(product) ? formatDigits(product, digitsScale + scale) : undefined
}

export function compareSmall(a: string, b: string): number | undefined {
  return alignDigits(a, b) ? Math.sign(aligned[0]! - aligned[1]!) : undefined
}

/** False for NaN too, which stands for what could not be read. */
function isSmall(value: number): boolean {
  return Math.abs(value) < powers[maxDigits]!
}

/** How many of the digits that were read last stand after the point. */
let scale = 0
/** The two that were aligned last, as whole numbers of the same {@link scale}; in a list that boxes none. */
const aligned = new Float64Array(2)

/** Reads two decimal texts so that their digits compare and add; false where they are not small. */
function alignDigits(a: string, b: string): boolean {
  const left = readDigits(a)
  const leftScale = scale
  const right = readDigits(b)
  const digits = Math.max(leftScale, scale)
  aligned[0] = left * (powers[digits - leftScale] ?? Number.NaN)
  aligned[1] = right * (powers[digits - scale] ?? Number.NaN)
  scale = digits
  return isSmall(aligned[0]) && isSmall(aligned[1])
}

/** The digits of a decimal text as one whole number; NaN where it is none, or too long. */
function readDigits(text: string): number {
  const isNegative = text.charCodeAt(0) === 0x2d
  const first = isNegative ? 1 : 0
  const { length } = text
  scale = 0
  if (length - first === 0 || length - first > maxDigits + 1) return Number.NaN
  let value = 0
  let point = -1
  for (let at = first; at < length; at++) {
    const digit = text.charCodeAt(at) - 0x30
    if (digit >= 0 && digit <= 9) value = value * 10 + digit
    else if (digit === -2 && point < 0 && at > first && at < length - 1) point = at
    else return Number.NaN
  }
  const wholeDigits = (point < 0 ? length : point) - first
  if (wholeDigits > 1 && text.charCodeAt(first) === 0x30) return Number.NaN
  scale = point < 0 ? 0 : length - point - 1
  return isNegative ? -value : value
}

function formatDigits(value: number, digits: number): string {
  const text = String(Math.abs(value))
  const sign = value < 0 ? '-' : ''
  if (digits === 0) return sign + text
  const padded = text.length > digits ? text : text.padStart(digits + 1, '0')
  const point = padded.length - digits
  return `${sign}${padded.slice(0, point)}.${padded.slice(point)}`
}
