/**
 * How many random cases a property is tried with: `inCi` in every run, each with seeds of its own,
 * and so often as PAIRDUCK_PROPERTY_FACTOR says; `npm run test:long` says 10.
 */
export function propertyRuns(inCi: number): number {
  const factor = Number(process.env['PAIRDUCK_PROPERTY_FACTOR'] ?? 1)
  if (!(factor > 0)) throw new RangeError('PAIRDUCK_PROPERTY_FACTOR is not above 0')
  return Math.ceil(inCi * factor)
}
