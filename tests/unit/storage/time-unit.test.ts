import { expect, it } from 'vitest'
import { guessTimeUnit } from '../../../src/storage/import/time-unit.ts'

it.each([
  ['1723161599', 's'],
  ['1723161599.25', 's'],
  ['1723161599000', 'ms'],
  ['1723161599000000', 'us'],
  ['1723161599000000000', 'ns'],
  ['2024-08-08T23:59:59Z', 'iso'],
  ['', 'iso'],
  [undefined, 'iso'],
] as const)('takes %s for %s', (value, unit) => {
  expect(guessTimeUnit(value)).toBe(unit)
})
