import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { describe, expect, it, onTestFinished } from 'vitest'
import { connect } from '../../../src/client/index.ts'
import { OwnerEvents } from '../../../src/client/owner-events.ts'
import { readEvents } from '../../../src/client/wire/event-stream.ts'
import { PairduckError, type StoredTick } from '../../../src/index.ts'
import { serve } from '../../../src/serve/index.ts'
import { childProgram } from '../../support/child-program.ts'
import { nextWord } from '../../support/child-words.ts'
import { cliRun } from '../../support/cli-run.ts'
import { openManager, someTicks, temporaryFolder } from '../../support/store.ts'

const pair = 'x/spot/A'
const pairPath = `/api/v1/pairs/${pair}`

/** A folder with 200 ticks of the pair, which nobody holds. */
async function stored(): Promise<string> {
  const dataDir = temporaryFolder()
  const db = await openManager({ dataDir })
  await db.insertTicks(pair, someTicks(200))
  await db.close()
  return dataDir
}

/** A process that writes to the pair: it has stored one trade. */
async function bot(dataDir: string, id: number, of = pair): Promise<ChildProcess> {
  const program = await childProgram(
    new URL('../../support/one-insert-process.ts', import.meta.url),
  )
  const child = fork(program, [dataDir, of, String(id)])
  // One that was stopped hears nothing else.
  onTestFinished(() => void child.kill('SIGKILL'))
  await nextWord(child)
  return child
}

/** `pairduck serve` on the folder; its address. */
async function served(dataDir: string): Promise<string> {
  const stop = new AbortController()
  let run: Promise<unknown> | undefined
  const url = await new Promise<string>((resolve) => {
    run = cliRun(['serve', '--port', '0', '--json', '--data-dir', dataDir], {
      signal: stop.signal,
      onOutput: (text) => resolve((JSON.parse(text) as { url: string }).url),
    })
  })
  onTestFinished(async () => {
    stop.abort()
    await run
  })
  return url
}

/** The ids of the trades that an event stream tells from now on, one by one. */
async function idsTold(url: string): Promise<AsyncGenerator<string>> {
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  // The head comes when it listens.
  const answer = await fetch(`${url}${pairPath}/events`, { signal: stop.signal })
  return idsOf(readEvents(Readable.fromWeb(answer.body as never)))
}

async function* idsOf(events: ReturnType<typeof readEvents>): AsyncGenerator<string> {
  for await (const { event, data } of events)
    if (event === 'ticks') for (const { tradeId } of data as StoredTick[]) yield tradeId!
}

async function next(ids: AsyncGenerator<string>, count: number): Promise<string[]> {
  const given: string[] = []
  while (given.length < count) given.push((await ids.next()).value as string)
  return given
}

function ids(first: number, count: number): string[] {
  return Array.from({ length: count }, (_, at) => String(first + at))
}

it('an event stream goes on where the pair cannot be read for a moment', async () => {
  const db = await openManager()
  await db.insertTicks(pair, someTicks(200))
  let refusals = 0
  const query = db.query.bind(db)
  db.query = (...asked) =>
    refusals-- > 0
      ? Promise.reject(new PairduckError('PAIR_LOCKED', 'another process has it'))
      : query(...asked)
  const server = await serve(db)
  onTestFinished(() => server.close())
  const told = await idsTold(server.url)
  refusals = 2
  await db.insertTicks(pair, someTicks(1, { first: 201, from: Date.now() }))
  expect(await next(told, 1)).toEqual(['201'])
})

describe('`pairduck serve` beside a bot of another process', () => {
  it('tells what the bot stores, also one that comes later or is started anew', async () => {
    const dataDir = await stored()
    const url = await served(dataDir)
    const told = await idsTold(url)
    const waiting = next(told, 3)
    for (const first of [201, 204]) {
      // Its first trade is stored before the server hears of it.
      const child = await bot(dataDir, first)
      const store = await connect({ dataDir })
      await store.insertTicks(pair, someTicks(2, { first: first + 1, from: Date.now() + 10 }))
      expect(await (first === 201 ? waiting : next(told, 3))).toEqual(ids(first, 3))
      await store.close()
      child.kill()
      await once(child, 'exit')
    }
  })

  it('counts in its metrics what the bot stores', async () => {
    const dataDir = await stored()
    await bot(dataDir, 299)
    const url = await served(dataDir)
    const told = await idsTold(url)
    const first = next(told, 1)
    await using store = await connect({ dataDir })
    for (let id = 300; ; id++) {
      await store.insertTicks(pair, someTicks(1, { first: id, from: Date.now() }))
      const text = await (await fetch(`${url}/metrics`)).text()
      if (/^pairduck_ticks_total\{outcome="inserted"\} [1-9]/m.test(text)) break
    }
    expect(await first).toHaveLength(1)
  })
})

describe('a bot that is stopped', () => {
  it('keeps nobody from hearing the others, nor from ending', async () => {
    const dataDir = await stored()
    const stuck = await bot(dataDir, 201)
    stuck.kill('SIGSTOP')
    const others = new OwnerEvents(dataDir)
    const heard: unknown[] = []
    others.on('ticksStored', (event) => heard.push(event))
    const lively = await bot(dataDir, 1, 'x/spot/B')
    await using store = await connect({ dataDir, pid: lively.pid! })
    for (let id = 2; heard.length === 0; id++)
      await store.insertTicks('x/spot/B', someTicks(1, { first: id, from: Date.now() }))
    await others.close()
    await expect(connect({ dataDir, pid: stuck.pid! })).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
      message: expect.stringContaining('has answered nothing'),
    })
  })
})
