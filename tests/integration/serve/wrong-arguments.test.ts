import { describe, expect, it } from 'vitest'
import { connect } from '../../../src/client/index.ts'
import { closedCandles, replayTicks } from '../../../src/record/index.ts'
import { serve } from '../../../src/serve/index.ts'
import { getRecentTicksQuery } from '../../../src/queries/index.ts'
import { cliRun } from '../../support/cli-run.ts'
import { shareManager, temporaryFolder } from '../../support/store.ts'

const db = shareManager()
const pair = 'x/spot/A'
const query = getRecentTicksQuery({})
const span = { timeframe: '1m', from: 0, to: 1 } as const

/** What is given, and what the TypeError says. */
const wrong: [name: string, () => unknown, RegExp][] = [
  ['connect(5)', () => connect(5 as never), /^connect: expected the address of .*, got `5`/],
  ['connect()', () => connect(undefined as never), /^connect: expected the address of/],
  ['connect(null)', () => connect(null as never), /^connect: expected the address of/],
  ['connect({})', () => connect({} as never), /^connect: expected the address of/],
  ['connect("")', () => connect(''), /begins with http:\/\/ or https:\/\/, got `""`/],
  ['connect(ftp)', () => connect('ftp://x'), /begins with http.*got `"ftp:\/\/x"`.*\{ dataDir \}/],
  ['connect(folder)', () => connect('/srv/market'), /a data directory is given as/],
  ['connect({dataDr})', () => connect({ dataDr: 'x' } as never), /did you mean `dataDir`/],
  ['connect({dataDir: 5})', () => connect({ dataDir: 5 } as never), /`dataDir` to be a folder/],
  ['connect(pid)', () => connect({ dataDir: 'x', pid: 'x' } as never), /`pid` to be an integer/],
  ['connect({cluster: 5})', () => connect({ cluster: 5 } as never), /expected `cluster` to be/],
  ['connect({cluster: {}})', () => connect({ cluster: {} } as never), /`client` is missing/],
  ['connect(…, {tokn})', () => connect('http://x', { tokn: '' } as never), /did you mean `token`/],
  ['serve()', () => serve(undefined as never), /^serve: expected a DatabaseManager, or/],
  ['serve({})', () => serve({} as never), /^serve: expected a DatabaseManager, or/],
  ['serve(port)', () => serve(db(), { port: 'x' } as never), /`port` to be an integer from 0/],
  ['serve({prt})', () => serve(db(), { prt: 1 } as never), /did you mean `port`/],
  ['follow', () => db().follow(pair, query, { signl: 1 } as never), /did you mean `signal`/],
  ['replay()', () => db().replay(pair, undefined as never), /`timeframe` is missing/],
  [
    'replay(timeframe)',
    () => db().replay(pair, { ...span, timeframe: '2m' } as never),
    /one of '1s'/,
  ],
  ['replay(from)', () => db().replay(pair, { ...span, from: 'x' } as never), /a time in Unix ms/],
  ['replay(limit)', () => db().replay(pair, { ...span, limit: 1 } as never), /option `limit`/],
  ['replayTicks', () => replayTicks(db(), pair, { ...span, t: 1 } as never), /unknown option/],
  ['closedCandles', () => closedCandles(db(), pair, '2m' as never), /expected a timeframe, one of/],
  ['closedCandles(form)', () => closedCandles(db(), pair, '1m', { form: 1 } as never), /`from`/],
]

describe('a wrong argument is named, with what is expected', () => {
  it.each(wrong)('%s', async (_name, call, message) => {
    const error: unknown = await Promise.resolve()
      .then(call)
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(TypeError)
    expect((error as TypeError).message).toMatch(message)
  })

  it('on the command line too', async () => {
    const dataDir = temporaryFolder()
    const run = async (...args: string[]) => cliRun([...args, '--data-dir', dataDir])
    expect(await run('serve', '--tls-key', '/nope', '--tls-cert', '/nope')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/^pairduck: (?:IO_FAILED|ENOENT): .*\/nope/) as string,
    })
    expect(await run('serve', '--tls-key', '/nope')).toMatchObject({
      exitCode: 2,
      stderr: 'pairduck: --tls-key and --tls-cert go together\n',
    })
    expect(await run('serve', '--port', 'x')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/`port` to be an integer/) as string,
    })
  })
})
