import { PairduckError } from '../../errors.ts'
import type { CliContext } from '../context.ts'
import { asUsage } from '../failure.ts'
import { countedText } from '../figures.ts'
import { withManager } from '../manager.ts'
import { keptCandles, type ImportCommandOptions } from './import-options.ts'

/** Lets in again what retention deleted of a pair, and says what that did. A new pair has no past. */
export async function reopenPast(
  pair: string,
  { dataDir, candles, reopen }: ImportCommandOptions,
  { terminal }: CliContext,
): Promise<void> {
  const from = reopen === 'all' ? undefined : reopen
  const report = await withManager({ dataDir, candles: keptCandles(candles), terminal }, (db) =>
    db.reopenPast(pair, { from, candles }).catch((error: unknown) => {
      if (PairduckError.is(error, 'PAIR_NOT_FOUND')) return undefined
      return asUsage(error)
    }),
  )
  if (report === undefined) return
  const { from: opened, until, candles: taken, retention } = report
  if (until === null || (opened !== null && opened >= until)) {
    terminal.note(`${pair}: nothing was deleted of that time, so there is nothing to open again`)
    return
  }
  const bars = Object.values(taken).reduce((sum, count) => sum + count, 0)
  const since = opened === null ? 'whatever its time' : `from ${timeText(opened)} on`
  terminal.note(
    `${pair}: takes in again what was deleted, ${since}, to ${timeText(until)}; ${countedText(bars, 'candle')} of that time taken out, which these trades make anew. Rows without an id from ${timeText(until)} on would be stored twice`,
  )
  if (retention === 'forever')
    terminal.note(
      `${pair}: its retention would delete again what comes, so the pair now keeps everything for ever`,
    )
}

function timeText(ms: number): string {
  return new Date(ms).toISOString()
}
