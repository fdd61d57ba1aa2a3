import { describe, expect, it, onTestFinished } from 'vitest'
import { connect, type MarketStore } from '../../../src/client/index.ts'
import { closedCandles, replayTicks } from '../../../src/record/index.ts'
import { serve } from '../../../src/serve/index.ts'
import { getRecentTicksQuery } from '../../../src/queries/index.ts'
import { cliRun } from '../../support/cli-run.ts'
import { shareManager, someTicks, temporaryFolder } from '../../support/store.ts'

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

  /** Each as the manager itself tells it, without asking the server. */
  const calls: [name: string, (of: MarketStore) => unknown][] = [
    ['query()', (of) => of.query(pair, undefined as never)],
    ['query(5)', (of) => of.query(pair, 5 as never)],
    ['query(…, {foo})', (of) => of.query(pair, query, { foo: 1 } as never)],
    ['query(…, {timeoutMs})', (of) => of.query(pair, query, { timeoutMs: 1 } as never)],
    ['query(signal)', (of) => of.query(pair, query, { signal: 5 } as never)],
    ['queryColumns()', (of) => of.queryColumns(pair, undefined as never)],
    ['queryColumns(…, {foo})', (of) => of.queryColumns(pair, query, { foo: 1 } as never)],
    ['streamColumns(5)', (of) => of.streamColumns(pair, 5 as never)],
    ['streamColumns(…, {foo})', (of) => of.streamColumns(pair, query, { foo: 1 } as never)],
    ['queryPairs()', (of) => of.queryPairs({ a: pair }, undefined as never)],
    ['queryPairs(…, {foo})', (of) => of.queryPairs({ a: pair }, query, { foo: 1 } as never)],
    ['follow()', (of) => of.follow(pair, undefined as never).next()],
    ['gaps({foo})', (of) => of.gaps(pair, { foo: 1 } as never)],
    ['insertTicks()', (of) => of.insertTicks(pair, undefined as never)],
    ['insertTicks(5)', (of) => of.insertTicks(pair, 5 as never)],
    ['insertTicks(…, {foo})', (of) => of.insertTicks(pair, [], { foo: 1 } as never)],
    ['export()', (of) => of.export(pair, undefined as never, 'a.csv')],
    ['export(…, {foo})', (of) => of.export(pair, query, 'a.csv', { foo: 1 } as never)],
  ]
  it('of a client as of the manager', async () => {
    await db().insertTicks(pair, someTicks(1))
    const client = await connect({ dataDir: db().dataDir })
    onTestFinished(() => client.close())
    for (const [name, call] of calls) {
      const [own, remote] = await Promise.all([thrownBy(call, db()), thrownBy(call, client)])
      expect(own).toBeInstanceOf(TypeError)
      expect([name, remote]).toEqual([name, own])
    }
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

async function thrownBy(call: (of: MarketStore) => unknown, of: MarketStore): Promise<unknown> {
  try {
    return await call(of)
  } catch (error) {
    return error
  }
}
