import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { commandGroups } from '../../src/cli/command-list.ts'
import { cliRun } from '../support/cli-run.ts'
import { CommandLine, outcomeOf } from '../support/command-line.ts'

const commands = Object.values(commandGroups).flatMap((group) => Object.entries(group))

const heavy = /node_modules\/(?:@duckdb|@redis|@valkey|ccxt|echarts)\//

describe('help', () => {
  it('names every command, and each says what it takes', async () => {
    const { exitCode, stdout } = await cliRun(['--help'])
    expect(exitCode).toBe(0)
    expect(commands.length).toBeGreaterThan(25)
    const helps = [stdout]
    for (const [name, { usage, description }] of commands) {
      expect(stdout).toContain(`\n  ${name} ${usage}`)
      const { exitCode, stdout: help, stderr } = await cliRun([name, '--help'])
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
      // The list of commands says the same as the command does.
      const [first = '', text = ''] = help.split(/\n\n(?:[A-Z][a-z]+:)?/)
      expect(first).toBe(`Usage: pairduck ${name} ${usage}`)
      expect(text.replaceAll(/\s+/g, ' ')).toBe(description)
      expect(Math.max(...help.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
      expect((await cliRun(['help', name])).stdout).toBe(help)
      helps.push(help)
    }
    // What the command line takes changes only on purpose: `vitest -u` writes the file anew.
    await expect(helps.join('\n')).toMatchFileSnapshot('../../api/command-line.txt')
  })
})

describe('in a process of its own', () => {
  it.each([['--version'], ['--help'], ['pairs', '--json', '--data-dir', 'no-such-folder']])(
    '%s loads neither the engine nor a picture library nor a Valkey client',
    async (...args) => {
      const pairduck = await CommandLine.build()
      const folder = await mkdtemp(join(tmpdir(), 'pairduck-loaded-'))
      onTestFinished(() => rm(folder, { recursive: true, force: true }))
      const outcome = await outcomeOf(pairduck.start(args, { NODE_V8_COVERAGE: folder }))
      expect(outcome).toMatchObject({ exitCode: 0, stderr: '' })
      const loaded = await loadedFiles(folder)
      expect(loaded.some((file) => file.endsWith('cli/main.js'))).toBe(true)
      expect(loaded.filter((file) => heavy.test(file))).toEqual([])
      // Of the commands at most the one that runs.
      const own = loaded.filter((file) => file.includes('/cli/commands/'))
      expect(own.length).toBe(args[0] === 'pairs' ? 1 : 0)
      expect(loaded.length).toBeLessThan(args[0] === 'pairs' ? 60 : 25)
    },
  )

  it('tells its version', async () => {
    const { exitCode, stdout } = await (await CommandLine.build()).run(['--version'])
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\S*\n$/),
    })
  })
})

/** The files of a process that wrote its coverage, as the engine of JavaScript saw them. */
async function loadedFiles(folder: string): Promise<string[]> {
  const files = await readdir(folder)
  const reports = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')))
  return reports.flatMap((report) =>
    (JSON.parse(report) as { result: { url: string }[] }).result
      .filter(({ url }) => url.startsWith('file:'))
      .map(({ url }) => fileURLToPath(url)),
  )
}

describe('wrong usage ends with 2 and one line on stderr', () => {
  it.each<[string, string[], RegExp]>([
    ['an unknown command', ['cadles'], /unknown command 'cadles' \(Did you mean candles\?\)/],
    ['an unknown option', ['pairs', '--jsn'], /unknown option '--jsn' \(Did you mean --json\?\)/],
    ['a missing pair', ['candles'], /pair is missing; usage: pairduck candles/],
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
    ['a pause without a watch', ['cleanup', '--every', '5'], /--every goes with --watch/],
    ['a dry watch', ['cleanup', '--watch', '--dry-run'], /not with --watch/],
    ['a fixed time for a watch', ['cleanup', '--watch', '--now', '2024-01-01'], /not with --watch/],
  ])('%s', async (_what, args, message) => {
    const { exitCode, stdout, stderr } = await cliRun(args)
    expect(stderr).toMatch(message)
    expect(stderr).toMatch(/^pairduck: .*\n$/)
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
  })

  it('no command at all: the help, on stderr', async () => {
    const { exitCode, stdout, stderr } = await cliRun([])
    expect(stderr).toMatch(/^Usage: pairduck/)
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
  })
})
