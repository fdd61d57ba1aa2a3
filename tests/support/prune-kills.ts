import { fork } from 'node:child_process'
import { on } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { expect } from 'vitest'
import { readDailyReport } from '../../src/mirror/report/read-daily-report.ts'
import { ValkeyMirror } from '../../src/mirror/valkey-mirror.ts'
import { childProgram } from './child-program.ts'
import { accountHour, hourMs } from './long-lived-account.ts'
import { ManualClock } from './manual-clock.ts'
import { startValkey } from './valkey.ts'
import { readWhole } from './whole-mirror.ts'
import type { WholeReader } from './whole-mirror.ts'

interface Told {
  readonly pruning?: number
  readonly pruned?: number
  readonly tookMs?: number
}

const prices = ['BTC/USDT', 'ETH/USDT'].map((symbol) => ({ symbol, last: '11', timestamp: 1e12 }))

/**
 * Kills writers at moments spread over their `prune()`; then the statistics, what the carried positions
 * earn later and the open orders are those of a mirror that was never killed and removed nothing,
 * and nothing that was to go is left under any key. Gives how many of the kills came in between.
 */
export async function pruneKills(kills: number): Promise<number> {
  await using server = await startValkey()
  await using reader = await readWhole(server.port)
  const program = await childProgram(new URL('mirror-pruning-process.ts', import.meta.url))
  let [hour, tookMs] = [0, 50]
  let cutShort = 0
  for (let kill = 0; kill < kills; kill++) {
    // Told again from the hour of the kill on: the next writer cannot know what was removed of it.
    const life = await killWhilePruning(
      program,
      server.url,
      hour,
      () => ((kill * 0.618) % 1) * tookMs,
    )
    hour = life.hour
    tookMs = life.tookMs ?? tookMs
    if (await isHalf(reader)) cutShort += 1
  }
  const clock = new ManualClock(accountHour(hour).endMs)
  const retention = { retainClosedMs: hourMs, retainFillsMs: hourMs }
  await using mirror = await ValkeyMirror.open({ url: server.url, clock, ...retention })
  await using whole = await ValkeyMirror.open({ url: server.url, clock, keyPrefix: 'whole:' })
  for (let each = 0; each <= hour; each++) {
    const { orders, fills, endMs } = accountHour(each)
    // To the killed ones' heir everything is told once more.
    for (const writer of [whole, mirror]) {
      await writer.applyOrders(orders)
      await writer.applyFills(fills)
    }
    clock.set(endMs + hourMs)
  }
  for (const ticker of prices)
    for (const writer of [whole, mirror]) await writer.applyTicker(ticker)
  await mirror.prune()
  expect(await mirror.getTradeStats()).toEqual(await whole.getTradeStats())
  expect(await mirror.listOpenOrders()).toEqual(await whole.listOpenOrders())
  expect(await mirror.drift()).toEqual([])
  await expectNothingLeft(reader, hour)
  // What is sold on a later day has the cost that the trades which are gone had.
  const later = accountHour(Math.ceil((hour + 2) / 24) * 24)
  for (const writer of [whole, mirror]) await writer.applyFills(later.fills)
  clock.set(later.endMs)
  const options = { currency: 'USDT', writtenAt: later.endMs }
  const pnl = async (writer: ValkeyMirror): Promise<unknown> =>
    (await readDailyReport(writer, later.endMs - hourMs, options)).trades.pnl
  expect(Number(await pnl(mirror))).not.toBe(0)
  expect(await pnl(mirror)).toEqual(await pnl(whole))
  return cutShort
}

/** A writer's life from an hour on, which ends in the middle of a prune that is not its first. */
async function killWhilePruning(
  program: string,
  url: string,
  from: number,
  pauseMs: () => number,
): Promise<{ readonly hour: number; readonly tookMs?: number }> {
  const child = fork(program, [url, String(from)], { execArgv: [] })
  let [hour, tookMs] = [from, undefined as number | undefined]
  let begun = 0
  const messages = on(child, 'message', { close: ['exit'] }) as AsyncIterable<[Told]>
  for await (const [told] of messages) {
    if (told.tookMs !== undefined) tookMs = told.tookMs
    if (told.pruning === undefined) continue
    hour = told.pruning
    // The first one tells how long a prune takes here and now.
    if ((begun += 1) < 2) continue
    await setTimeout(pauseMs())
    child.kill('SIGKILL')
  }
  return tookMs === undefined ? { hour } : { hour, tookMs }
}

/** Whether some of an hour is gone and some is not. */
async function isHalf(reader: WholeReader): Promise<boolean> {
  const left = await Promise.all([
    reader.send('ZCARD', 'mirror:fill-times:BTC/USDT'),
    reader.send('ZCARD', 'mirror:fill-times:ETH/USDT'),
    reader.send('ZCARD', 'mirror:closed'),
  ])
  return left.some((count) => count !== left[2]) && left.some((count) => count !== 0)
}

/** Only what is open is left, under every key there is. */
async function expectNothingLeft(reader: WholeReader, hour: number): Promise<void> {
  const { orders, open } = await reader.read(['BTC/USDT', 'ETH/USDT'])
  const ids = Array.from({ length: hour + 1 }, (_, n) => `open${n}`).sort()
  expect([...orders.keys()].sort()).toEqual(ids)
  expect([...open].sort()).toEqual(ids)
  const gone = ['closed', 'absent', ...kinds('fills'), ...kinds('fill-times')]
  expect(await reader.send('EXISTS', ...gone.map((key) => `mirror:${key}`))).toBe(0)
  expect(await reader.send('HLEN', 'mirror:traded')).toBe(hour + 1)
}

function kinds(of: string): string[] {
  return ['BTC/USDT', 'ETH/USDT'].map((symbol) => `${of}:${symbol}`)
}
