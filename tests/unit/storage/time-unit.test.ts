import { expect, it } from 'vitest'
import { guessTimeUnit } from '../../../src/storage/import/time-unit.ts'

it.each([
  [['1723161599'], 's'],
  [['1723161599.25'], 's'],
  [['1723161599000'], 'ms'],
  [['1723161599000000'], 'us'],
  [['1723161599000000000'], 'ns'],
  [['2024-08-08T23:59:59Z'], 'iso'],
  [['', 'x', '1723161599000', '2024-08-08'], 'ms'],
  [['', 'x 1', '2024-08-08 23:59:59.000001', '1723161599000'], 'iso'],
  [['', 'x'], 'iso'],
  [[], 'iso'],
] as const)('takes %j for %s', (values, unit) => {
  expect(guessTimeUnit(values)).toBe(unit)
})
