import { describe, expect, it } from 'vitest'
import { tradeIdFault } from '../../../src/storage/write/tick.ts'

describe('a text that stands for no id', () => {
  it.each([
    'None',
    'nan',
    'NULL',
    'N/A',
    '\\N',
    'undefined',
    '[object Object]',
    'NaT',
    '-',
    ' null ',
    'inf',
    '-Infinity',
    '(null)',
    '<none>',
    '--',
    '{}',
    '[]',
    '\u200b',
    '\ufeff',
    '\u00a0',
  ])('%j is refused', (text) => expect(tradeIdFault(text)).toContain('there is no id'))

  it.each(['a', '0', '-1', 'nano', 'information', 'none-1', '[1]', '\u200b7'])(
    '%j is an id',
    (text) => expect(tradeIdFault(text)).toBeUndefined(),
  )
})
