import { PairduckError } from '../../../src/errors.ts'
import { CommandLine } from '../../support/command-line.ts'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { besideOwner, Owners } from '../../../src/client/beside-owner.ts'
import { connect } from '../../../src/client/index.ts'
import { DatabaseManager, getCandlesQuery } from '../../../src/index.ts'
import { childProgram } from '../../support/child-program.ts'
import { nextWord } from '../../support/child-words.ts'
import { cliRun } from '../../support/cli-run.ts'
import { openManager, someTicks, sql, temporaryFolder } from '../../support/store.ts'

const pair = 'x/spot/A'
const count = sql<{ n: number }>('SELECT count(*) AS n FROM ticks')

/** A process that owns a store and holds its pair open. */
async function owner(dataDir: string): Promise<void> {
  const db = await openManager({ dataDir })
  await db.insertTicks(pair, someTicks(200))
  await db.close()
  await holder(dataDir)
}

async function holder(dataDir: string): Promise<void> {
  const child = fork(await childProgram(new URL('../../support/store-owner.ts', import.meta.url)), [
    dataDir,
    '0',
    pair,
  ])
  onTestFinished(() => void child.kill())
  await nextWord(child)
}

describe('the command line beside a process that holds the pair', () => {
  it('follows the trades that it stores, from the newest that were there', async () => {
    const dataDir = temporaryFolder()
    await owner(dataDir)
    const stop = new AbortController()
    const lines: string[] = []
    let heard: (() => unknown) | undefined
    const until = (count: number) =>
      new Promise<void>((resolve) => {
        heard = () => lines.length >= count && resolve()
        heard()
      })
    const args = ['trades', pair, '--follow', '--limit', '2', '--json', '--data-dir', dataDir]
    const run = cliRun(args, {
      signal: stop.signal,
      onOutput: (text) => {
        lines.splice(0, Infinity, ...text.trim().split('\n'))
        heard?.()
      },
    })
    await until(2)
    await using store = await connect({ dataDir })
    await store.insertTicks(pair, someTicks(3, { first: 201 }))
    await until(5)
    await store.insertTicks(pair, someTicks(1, { first: 204 }))
    await until(6)
    stop.abort()
    expect(await run).toMatchObject({ exitCode: 0, stderr: '' })
    const ids = lines.map((line) => (JSON.parse(line) as { tradeId: string }).tradeId)
    expect(ids).toEqual(someTicks(6, { first: 199 }).map(({ tradeId }) => tradeId))
  })

  it.each([
    ['some', 2],
    ['none', 0],
  ])('waits where nobody records, and takes up with who comes: %s stored', async (_, stored) => {
    const dataDir = temporaryFolder()
    const db = await openManager({ dataDir })
    await db.insertTicks(pair, someTicks(stored))
    await (await db.acquire(pair)).release()
    await db.close()
    const stop = new AbortController()
    let heard: ((text: string) => unknown) | undefined
    const until = (wanted: string) =>
      new Promise<void>((resolve) => (heard = (text) => text.includes(wanted) && resolve()))
    const waits = until('waiting')
    const run = cliRun(['trades', pair, '--follow', '--data-dir', dataDir], {
      signal: stop.signal,
      onOutput: (text) => heard?.(text),
      onNote: (text) => heard?.(text),
    })
    await waits
    const came = until('777')
    await holder(dataDir)
    await using store = await connect({ dataDir })
    await store.insertTicks(pair, [{ ...someTicks(1, { first: 205 })[0]!, price: 777 }])
    await came
    stop.abort()
    expect(await run).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('waiting') })
  })

  it('is followed and replayed through whoever holds it', async () => {
    const dataDir = temporaryFolder()
    await owner(dataDir)
    const own = await openManager({ dataDir })
    const owners = new Owners(own.dataDir)
    onTestFinished(async () => void (await Promise.all([own.close(), owners.close()])))
    const locked: unknown = await own.query(pair, count).catch((error: unknown) => error)
    const holder = await owners.holding((locked as PairduckError).details['pid'] as number, locked)
    const db = besideOwner(own, owners)
    const rows = db.follow(pair, count)
    expect((await rows.next()).value).toEqual([{ n: 200 }])
    await holder.insertTicks(pair, someTicks(1, { first: 201 }))
    expect((await rows.next()).value).toEqual([{ n: 201 }])
    await rows.return()
    const [first] = await db.query(pair, getCandlesQuery({ timeframe: '1m' }))
    const [from, to] = [first!.timestamp, first!.timestamp + 60_000]
    const bars = db.replay(pair, { timeframe: '1m', from, to })
    expect((await bars.next()).value).toMatchObject({ candle: { close: first!.close } })
    await bars.return()
  })

  it('answers where it is another command that is at work, ends or begins', async () => {
    const dataDir = temporaryFolder()
    const before = await openManager({ dataDir })
    await before.insertTicks(pair, someTicks(200))
    await before.close()
    const commandLine = await CommandLine.build()
    const asked = ['sql', pair, 'SELECT count(*) AS n FROM ticks', '--data-dir', dataDir, '--json']
    const told = await Promise.all(Array.from({ length: 5 }, () => commandLine.run(asked)))
    for (const each of told)
      expect(each).toEqual({ exitCode: 0, stdout: expect.stringContaining('200'), stderr: '' })
  })

  it('tries once more where who had the pair has gone while it was asked', async () => {
    const own = await openManager({ dataDir: temporaryFolder() })
    await own.insertTicks(pair, someTicks(200))
    let asked = 0
    const locked = (): boolean => asked++ < 1
    const meeting = new Proxy(own, {
      get(target, name) {
        if (name === 'query' && locked())
          return () => Promise.reject(new PairduckError('PAIR_LOCKED', pair, { pid: 2 ** 22 + 1 }))
        const member: unknown = Reflect.get(target, name, target)
        return typeof member === 'function' ? member.bind(target) : member
      },
    })
    const owners = new Owners(own.dataDir)
    onTestFinished(() => owners.close())
    // So busy is the machine that asking takes longer than anybody without a socket is waited for.
    const now = performance.now.bind(performance)
    let late = 0
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + (late += 3_000))
    onTestFinished(() => clock.mockRestore())
    expect(await besideOwner(meeting, owners).query(pair, count)).toEqual([{ n: 200 }])
    expect(asked).toBe(2)
    asked = -1
    await expect(besideOwner(meeting, owners).query(pair, count)).rejects.toMatchObject({
      code: 'PAIR_LOCKED',
    })
  })

  it('has its socket though others that end remove the empty folder meanwhile', async () => {
    const dataDir = temporaryFolder()
    const folder = join(dataDir, '.pairduck', 'sockets')
    const removing = setInterval(() => void rmdir(folder).catch(() => undefined), 1)
    onTestFinished(() => clearInterval(removing))
    for (let i = 0; i < 20; i++) {
      const db = await DatabaseManager.open({ dataDir })
      expect(existsSync(join(folder, `${process.pid}.sock`))).toBe(true)
      await db.close()
    }
  })

  it('answers all the same', async () => {
    const dataDir = temporaryFolder()
    await owner(dataDir)
    const run = async (...args: string[]): Promise<unknown> => {
      const { exitCode, stdout, stderr } = await cliRun([...args, '--data-dir', dataDir, '--json'])
      expect(stderr).toBe('')
      expect(exitCode).toBe(0)
      return JSON.parse(stdout) as unknown
    }
    expect(await run('candles', pair)).not.toHaveLength(0)
    expect(await run('cvd', pair)).toMatchObject({ tradeCount: 200 })
    expect(await run('stats', pair)).toMatchObject([
      {
        pair,
        error: null,
        relations: expect.arrayContaining([
          expect.objectContaining({ relation: 'ticks', rows: 200 }),
        ]),
      },
    ])
    expect(await run('sql', pair, 'SELECT count(*) AS n FROM ticks')).toEqual([{ n: 200 }])
    const own = await openManager({ dataDir })
    await own.insertTicks('x/spot/B', someTicks(7))
    await own.close()
    const across = 'SELECT (SELECT count(*) FROM ticks) AS a, (SELECT count(*) FROM b.ticks) AS b'
    for (const [one, other, wanted] of [
      [pair, 'x/spot/B', { a: 200, b: 7 }],
      ['x/spot/B', pair, { a: 7, b: 200 }],
    ] as const)
      expect(await run('sql', one, across, '--with', `b=${other}`)).toEqual([wanted])
    expect(await run('verify')).toMatchObject([{ ok: true }, { ok: true }])
    await run('snapshot', pair, join(temporaryFolder(), 'copy.duckdb'))
  })

  it('says PAIR_LOCKED where the owner keeps no socket', async () => {
    const dataDir = temporaryFolder()
    const db = await DatabaseManager.open({ dataDir, localSocket: false })
    onTestFinished(() => db.close())
    await db.insertTicks(pair, someTicks(1))
    const { connect } = await import('../../../src/client/index.ts')
    await expect(connect({ dataDir }, { reconnectMs: 0 })).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
    })
    expect(await db.query(pair, sql('SELECT 1 AS x'))).toEqual([{ x: 1 }])
  })

  it('works where it can have no socket, and tells so', async () => {
    const dataDir = temporaryFolder()
    // A file where the folder of the sockets would be.
    mkdirSync(join(dataDir, '.pairduck'))
    writeFileSync(join(dataDir, '.pairduck', 'sockets'), '')
    const db = await DatabaseManager.open({ dataDir })
    onTestFinished(() => db.close())
    const [told] = (await once(db, 'error')) as [{ readonly error: Error }]
    expect(told.error).toMatchObject({ code: 'IO_FAILED' })
    expect(told.error.message).toContain('localSocket')
    expect(await db.insertTicks(pair, someTicks(1))).toMatchObject({ inserted: 1 })
  })
})
