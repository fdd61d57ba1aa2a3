import { beforeAll, describe, expect, it } from 'vitest'
import { CommandLine } from '../support/command-line.ts'

let pairduck: CommandLine
beforeAll(async () => {
  pairduck = await CommandLine.build()
})

describe('help', () => {
  it('names every command, and each says what it takes', async () => {
    const { code, stdout } = await pairduck.run(['--help'])
    expect(code).toBe(0)
    const commands = [...stdout.matchAll(/^ {2}([a-z]+)(?: |$)/gm)].map(([, name]) => name!)
    expect(commands).toEqual(
      expect.arrayContaining(
        'demo pairs stats cleanup verify repair snapshot sql candles cvd imbalance profile footprint fvg zones vwap tpo trades import analytics'.split(
          ' ',
        ),
      ),
    )
    const helps = await Promise.all(
      commands.filter((name) => name !== 'help').map((name) => pairduck.run([name, '--help'])),
    )
    for (const { code, stdout, stderr } of helps) {
      expect(code).toBe(0)
      expect(stderr).toBe('')
      expect(stdout).toMatch(/^Usage: pairduck [a-z]+ .*\n\n\S/)
      expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
    }
  })

  it('tells its version', async () => {
    const { code, stdout } = await pairduck.run(['--version'])
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\S*\n$/),
    })
  })
})

describe('wrong usage ends with 2 and one line on stderr', () => {
  it.each<[string, string[], RegExp]>([
    ['an unknown command', ['cadles'], /unknown command 'cadles' \(Did you mean candles\?\)/],
    ['an unknown option', ['pairs', '--jsn'], /unknown option '--jsn' \(Did you mean --json\?\)/],
    ['a missing pair', ['candles'], /missing required argument 'pair'/],
    ['a time that is none', ['cvd', 'a/b/C', '--from', 'yesterday'], /Expected ISO 8601/],
    [
      'seconds for milliseconds',
      ['cvd', 'a/b/C', '--to', '1723161255'],
      /read as Unix milliseconds/,
    ],
    ['an unknown timeframe', ['candles', 'a/b/C', '--timeframe', '7m'], /Expected one of 1s, 1m/],
    ['a bin of no height', ['profile', 'a/b/C', '--bin-size', '0'], /Expected a number above 0/],
    [
      'a word outside a choice',
      ['fvg', 'a/b/C', '--fill', 'most'],
      /Allowed choices are full, half, touch/,
    ],
    [
      'two answers at once',
      ['trades', 'a/b/C', '--large', '--speed'],
      /give one of --large, --sizes and --speed/,
    ],
    ['an option of another answer', ['profile', 'a/b/C', '--neighbours', '2'], /goes with --nodes/],
    [
      'an option of others',
      ['imbalance', 'a/b/C', '--timeframe', '5m'],
      /--timeframe goes with --diagonal or --stacked/,
    ],
    [
      'an option that an answer does not take',
      ['profile', 'a/b/C', '--naked', '--stop', 'passed'],
      /--stop does not go with --naked/,
    ],
    ['an unknown table', ['cleanup', '--keep', 'tickz=1h'], /unknown table `tickz`/],
    ['an age that is none', ['cleanup', '--keep', 'ticks=soon'], /such as ticks=2h/],
    ['a fixed time for a watch', ['cleanup', '--watch', '--now', '2024-01-01'], /not with --watch/],
  ])('%s', async (_what, args, message) => {
    const { code, stdout, stderr } = await pairduck.run(args)
    expect(stderr).toMatch(message)
    expect(stderr).toMatch(/^pairduck: .*\n$/)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })

  it('no command at all: the help, on stderr', async () => {
    const { code, stdout, stderr } = await pairduck.run([])
    expect(stderr).toMatch(/^Usage: pairduck/)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })
})
