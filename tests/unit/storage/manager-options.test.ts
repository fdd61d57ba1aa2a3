import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { defaultCandles } from '../../../src/schema/create.ts'
import { resolveManagerOptions } from '../../../src/storage/manager-options.ts'

/** The default that README's table gives for each option. */
function documented(): Map<string, string> {
  const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8')
  const section = readme.split('## Options of `DatabaseManager.open`')[1]!
  const table = section.trimStart().split('\n\n', 1)[0]!
  return new Map(
    [...table.matchAll(/^\| `(\w+)` *\|[^|]*\| *([^|]*?) *\|/gm)].map((row) => [row[1]!, row[2]!]),
  )
}

/** A default as README writes it. */
function written(name: string, value: unknown): string {
  if (name === 'retention') return 'see below'
  if (name === 'candles') return `\`${defaultCandles.join(' ')}\``
  if (value === Date.now) return '`Date.now`'
  if (name === 'archive' || name === 'logDir') return 'none'
  return typeof value === 'string' ? `\`'${value}'\`` : `\`${String(value)}\``
}

describe('the options of a manager', () => {
  it.each([NaN, Infinity, undefined, '5', 5n])('refuse a clock that gives %s', (now) => {
    const { clock } = resolveManagerOptions({ clock: () => now as number })
    expect(() => clock()).toThrow(/^`clock` gave .*; expected a finite number, Unix ms$/)
  })

  it('are those of the README, with its defaults', () => {
    const defaults = Object.entries(resolveManagerOptions(undefined))
    expect(documented()).toEqual(
      new Map(defaults.map(([name, value]) => [name, written(name, value)])),
    )
  })
})
