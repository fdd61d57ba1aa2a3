import { Acknowledged, runAndKill } from './log-crashes.ts'
import { memoryFolder } from './store.ts'

const pairs = 6

/**
 * Kills writers of many pairs, some after so many acknowledgements and some at any moment, and half
 * of those who come to recover. Afterwards every acknowledged tick is there once, with an id or
 * without, candles are their fold, and no log is left.
 */
export async function expectLogCrashSafe(kills: number, seed: number): Promise<void> {
  const dataDir = memoryFolder()
  const acknowledged = new Acknowledged(pairs)
  let next = Array.from({ length: pairs }, () => 0)
  for (let kill = 1; kill <= kills; kill++) {
    const lot = seed + kill
    const most = kill % 4 === 0 ? 3000 : kill % 3 === 0 ? 3 : 40
    const order = { dataDir, seed: lot, next, most }
    await runAndKill(
      order,
      kill % 4 === 3
        ? { afterMs: (lot * 131) % 1500 }
        : { acknowledgements: 1 + ((lot * 37) % 60) },
      acknowledged.note,
    )
    if (kill % 2 === 0)
      await runAndKill({ ...order, onlyRecovers: true }, { afterMs: (lot * 53) % 300 })
    next = await acknowledged.check(dataDir)
  }
}
