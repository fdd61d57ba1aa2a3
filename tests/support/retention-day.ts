import { fork } from 'node:child_process'
import { on } from 'node:events'
import { expect } from 'vitest'
import { MirrorReader } from '../../src/mirror/mirror-reader.ts'
import { childProgram } from './child-program.ts'
import { startValkey } from './valkey.ts'
import { readWhole } from './whole-mirror.ts'

export interface RetentionDay {
  /** What the server held at the end of each hour, bytes. */
  readonly memory: readonly number[]
  readonly mostOrders: number
  readonly mostFills: number
  /** The most that the writer's process took, bytes. */
  readonly rss: number
}

interface Told {
  readonly hour?: number
  readonly rss?: number
  readonly drift?: readonly unknown[]
}

/** A day of so many orders and trades by a writer in a process of its own, kept for an hour. */
export async function retentionDay(all: number, perCall: number): Promise<RetentionDay> {
  await using server = await startValkey()
  await using reader = await readWhole(server.port)
  const program = await childProgram(new URL('mirror-day-writer.ts', import.meta.url))
  // Plain Node, without what the tests' own process was started with.
  const writer = fork(program, [server.url, String(all), String(perCall)], { execArgv: [] })
  const memory: number[] = []
  let [mostOrders, mostFills, rss] = [0, 0, 0]
  for await (const [told] of on(writer, 'message', { close: ['exit'] }) as AsyncIterable<[Told]>) {
    if (told.hour === undefined) {
      rss = told.rss!
      expect(told.drift).toEqual([])
      continue
    }
    // The server gives what is freed back in its own time; this asks for it now.
    await reader.send('MEMORY', 'PURGE')
    const info = String(await reader.send('INFO', 'memory'))
    memory.push(Number(/used_memory:(\d+)/.exec(info)![1]))
    mostOrders = Math.max(mostOrders, Number(await reader.send('HLEN', 'orders')))
    mostFills = Math.max(mostFills, Number(await reader.send('HLEN', 'mirror:fills:BTC/USDT')))
    writer.send('on')
  }
  const half = {
    side: 'buy',
    count: { USDT: all / 2 },
    amount: { USDT: `${all / 2}.00000000` },
    notional: { USDT: `${(all / 2) * 2.5}.000000000` },
    fee: { BNB: `${all / 2_000}.00000000` },
  }
  await using mirror = await MirrorReader.open({ url: server.url })
  expect(await mirror.getTradeStats()).toEqual([
    { ...half, base: 'BTC' },
    { ...half, base: 'ETH' },
  ])
  return { memory, mostOrders, mostFills, rss }
}
