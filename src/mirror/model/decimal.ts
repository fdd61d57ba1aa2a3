import { shown } from '../../errors.ts'
import { addSmall, compareSmall, multiplySmall } from './small-decimal.ts'

/** Decimal text as exchanges send it, digits kept: `1.10000000`. What the readers return. */
export type DecimalText = string

/** Decimal text, or a number, which stands for its shortest decimal form. */
export type DecimalInput = DecimalText | number

/** A decimal as `coefficient / 10^scale`; sums and products of it are exact. */
export interface Decimal {
  readonly coefficient: bigint
  readonly scale: number
}

/** What a JSON number may look like without an exponent: the only texts that are written bare. */
const plainDecimal = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/
const maxDigits = 80

/** Whether a text can stand as a bare JSON number token and be read back digit by digit. */
export function isDecimalText(text: string): boolean {
  return text.length <= maxDigits && plainDecimal.test(text)
}

/**
 * The text of a decimal that came from outside. Text is taken as it is or refused (`.5`, `+1`,
 * `NaN`), an exponent is written out exactly (`5.0E-7` as `0.0000005`); a number gives its shortest
 * decimal form. Undefined when the value is no decimal; the caller names the field.
 */
export function decimalText(value: unknown): DecimalText | undefined {
  if (typeof value === 'string' && isDecimalText(value)) return value
  if (typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value))) {
    const text = withoutExponent(String(value))
    if (text !== undefined && isDecimalText(text)) return text
  }
  return undefined
}

/** Reads checked decimal text. A text that is none is a bug of the caller: TypeError. */
export function parseDecimal(text: DecimalText): Decimal {
  if (!isDecimalText(text)) throw new TypeError(`expected decimal text, got ${shown(text)}`)
  const dot = text.indexOf('.')
  if (dot < 0) return { coefficient: BigInt(text), scale: 0 }
  return {
    coefficient: BigInt(text.slice(0, dot) + text.slice(dot + 1)),
    scale: text.length - dot - 1,
  }
}

/** The text of a decimal, with exactly its scale's digits after the point. */
export function formatDecimal({ coefficient, scale }: Decimal): DecimalText {
  const negative = coefficient < 0n
  const digits = (negative ? -coefficient : coefficient).toString().padStart(scale + 1, '0')
  const point = digits.length - scale
  const text = scale === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`
  return negative ? `-${text}` : text
}

export function addDecimal(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale)
  return { coefficient: scaled(a, scale) + scaled(b, scale), scale }
}

export function subtractDecimal(a: Decimal, b: Decimal): Decimal {
  return addDecimal(a, { coefficient: -b.coefficient, scale: b.scale })
}

export function multiplyDecimal(a: Decimal, b: Decimal): Decimal {
  return { coefficient: a.coefficient * b.coefficient, scale: a.scale + b.scale }
}

/** The quotient, rounded half away from zero to `scale` digits; trailing zeros are dropped. */
export function divideDecimal(a: Decimal, b: Decimal, scale: number): Decimal {
  const numerator = a.coefficient * 10n ** BigInt(scale + b.scale) * 2n
  const denominator = b.coefficient * 10n ** BigInt(a.scale)
  const doubled = numerator / denominator
  const away = doubled < 0n ? doubled - 1n : doubled + 1n
  return trimmed({ coefficient: away / 2n, scale })
}

/** Negative, zero or positive, as the first is less than, equal to or greater than the second. */
export function compareDecimal(a: Decimal, b: Decimal): number {
  const scale = Math.max(a.scale, b.scale)
  const left = scaled(a, scale)
  const right = scaled(b, scale)
  return left < right ? -1 : left > right ? 1 : 0
}

/** {@link compareDecimal} of two texts, without arithmetic when they are the same text. */
export function compareText(a: DecimalText, b: DecimalText): number {
  if (a === b) return 0
  return compareSmall(a, b) ?? compareDecimal(parseDecimal(a), parseDecimal(b))
}

export function addText(a: DecimalText, b: DecimalText): DecimalText {
  return addSmall(a, b, 1) ?? formatDecimal(addDecimal(parseDecimal(a), parseDecimal(b)))
}

export function subtractText(a: DecimalText, b: DecimalText): DecimalText {
  return addSmall(a, b, -1) ?? formatDecimal(subtractDecimal(parseDecimal(a), parseDecimal(b)))
}

export function multiplyText(a: DecimalText, b: DecimalText): DecimalText {
  return multiplySmall(a, b) ?? formatDecimal(multiplyDecimal(parseDecimal(a), parseDecimal(b)))
}

/** {@link divideDecimal} of two texts; undefined when the divisor is zero. */
export function divideText(a: DecimalText, b: DecimalText, scale: number): DecimalText | undefined {
  if (isZero(b)) return undefined
  return formatDecimal(divideDecimal(parseDecimal(a), parseDecimal(b), scale))
}

export function isZero(text: DecimalText): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code >= 0x31 && code <= 0x39) return false
  }
  return true
}

export function isPositive(text: DecimalText): boolean {
  return !text.startsWith('-') && !isZero(text)
}

export function isNegative(text: DecimalText): boolean {
  return text.startsWith('-') && !isZero(text)
}

function scaled({ coefficient, scale }: Decimal, to: number): bigint {
  return scale === to ? coefficient : coefficient * 10n ** BigInt(to - scale)
}

function trimmed({ coefficient, scale }: Decimal): Decimal {
  let rest = coefficient
  let digits = scale
  while (digits > 0 && rest % 10n === 0n) {
    rest /= 10n
    digits -= 1
  }
  return { coefficient: rest, scale: digits }
}

/**
 * The same decimal written out. A mantissa's zeros at the end say nothing: who writes exponents
 * writes `5.0E-7` for the float 5e-7. Undefined when it would be longer than any decimal may be.
 */
function withoutExponent(text: string): string | undefined {
  if (text.length > maxDigits) return undefined
  const match = /^(-?)(\d+)(?:\.(\d+))?[eE]([+-]?\d{1,4})$/.exec(text)
  if (match === null) return text
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match
  const digits = (whole + fraction.replace(/0+$/, '')).replace(/^0+(?=\d)/, '')
  const dropped = whole.length + fraction.replace(/0+$/, '').length - digits.length
  const point = whole.length - dropped + Number(exponent)
  if (Math.abs(point) > maxDigits) return undefined
  if (/^0*$/.test(digits)) return `${sign}0`
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`
  return point >= digits.length
    ? sign + digits.padEnd(point, '0')
    : `${sign}${digits.slice(0, point)}.${digits.slice(point)}`
}
