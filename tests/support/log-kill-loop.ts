import { rm } from 'node:fs/promises'
import { Acknowledged, LogWriters } from './log-crashes.ts'
import type { LogOrder } from './log-writer.ts'
import { memoryFolder } from './store.ts'

const pairs = 6
/** Kills of one directory: what every check reads would grow with each. */
const killsOfDirectory = 10

/**
 * Kills writers of many pairs, some after so many acknowledgements and some at any moment, and half
 * of those who come to recover; with `places` for fewer files than pairs. Afterwards every acknowledged tick is there once, with an id or
 * without, candles are their fold, and no log is left.
 */
export async function expectLogCrashSafe(
  kills: number,
  seed: number,
  { places }: { places?: number } = {},
): Promise<void> {
  const writers = new LogWriters()
  try {
    for (let kill = 0; kill < kills; kill += killsOfDirectory)
      await killInOne(writers, Math.min(killsOfDirectory, kills - kill), seed + kill, places)
  } finally {
    await writers.end()
  }
}

async function killInOne(
  writers: LogWriters,
  kills: number,
  seed: number,
  places: number | undefined,
): Promise<void> {
  const dataDir = memoryFolder()
  const acknowledged = new Acknowledged(pairs)
  const nothing = Array.from({ length: pairs }, () => 0)
  let next: Pick<LogOrder, 'next' | 'nextRow'> = {
    next: nothing,
    nextRow: { candle: nothing, flow: nothing },
  }
  for (let kill = 1; kill <= kills; kill++) {
    const lot = seed + kill
    const most = kill % 4 === 0 ? 1500 : kill % 3 === 0 ? 3 : 40
    const few = places === undefined ? {} : { places }
    const order = { dataDir, seed: lot, ...next, most, ...few }
    await writers.runAndKill(order, momentOf(kill, lot), acknowledged)
    if (kill % 2 === 0)
      await writers.runAndKill(
        { ...order, onlyRecovers: true },
        { afterMs: (lot * 53) % 120 },
        undefined,
      )
    next = await acknowledged.check(dataDir)
  }
  await rm(dataDir, { recursive: true, force: true })
}

/** Large calls are killed after few of them: all their ticks are compared. */
function momentOf(kill: number, lot: number): { acknowledgements: number } | { afterMs: number } {
  if (kill % 4 === 3) return { afterMs: (lot * 131) % 300 }
  return { acknowledgements: 1 + ((lot * 37) % (kill % 4 === 0 ? 6 : 40)) }
}
