import { PairduckError } from '../errors.ts'
import { formatPair, parsePair } from '../pair.ts'
import type { DatabaseManager } from '../storage/database-manager.ts'
import { closeExchange } from './close-exchange.ts'
import { exchangeRule, type ExchangeRule } from './exchange-rule.ts'
import { GapFiller } from './gap-filler.ts'
import { readKnownTrades } from './known-trades.ts'
import { isUnknown, keepEverything } from './kept-history.ts'
import { listen } from './line.ts'
import { PairRecorder } from './pair-recorder.ts'
import {
  resolveRecordOptions,
  type RecordOptions,
  type ResolvedRecordOptions,
} from './record-options.ts'
import type { TradeExchange } from './trade-exchange.ts'
import { TradeStore } from './trade-store.ts'
import { VolumeCheck } from './volume-check.ts'

const hourMs = 3_600_000

/** One recorded symbol with the loops that serve it. */
interface Recorded {
  readonly recorder: PairRecorder
  readonly filler: GapFiller
  readonly check: VolumeCheck | undefined
  readonly rule: ExchangeRule
}

/**
 * Records the live trades of some symbols of a ccxt.pro exchange until the signal fires. Each trade
 * is stored once and durably; a hole is in the pair's ledger (`db.gaps`) from the moment on in which
 * what came after it is stored, and is filled from the exchange's history as far as that has it.
 * Where the exchange's ids prove nothing, the ledger says `unproved`. Give a function that makes
 * exchange objects, and a planned change of line leaves no hole at all.
 *
 * Rejects with `EXCHANGE_FAILED` when the exchange cannot be opened or lacks a symbol, with
 * `ID_SPACE` when a pair holds trades with ids of another count, and with what the store said when
 * storing is impossible for good. A pair that is new here keeps everything, unless the manager was
 * opened with a `retention`: the default would delete after 15 minutes what was recorded.
 */
export async function recordTrades(
  db: DatabaseManager,
  exchange: TradeExchange | (() => Promise<TradeExchange> | TradeExchange),
  symbols: readonly string[],
  options?: RecordOptions,
): Promise<void> {
  const resolved = resolveRecordOptions(options)
  if (symbols.length === 0) throw new TypeError('recordTrades: give at least one symbol')
  const make = typeof exchange === 'function' ? async () => opened(await exchange()) : undefined
  const first = make === undefined ? await opened(exchange as TradeExchange) : await make()
  const stop = new AbortController()
  const signal =
    resolved.signal === undefined ? stop.signal : AbortSignal.any([resolved.signal, stop.signal])
  const tell = resolved.onEvent ?? (() => undefined)
  try {
    const recorded = new Map<string, Recorded>()
    for (const symbol of symbols)
      recorded.set(symbol, await prepare(db, first, symbol, { ...resolved, signal, tell }))
    const lines = linesOf(first, recorded).map(async (recorders) => {
      const { rule } = recorded.get([...recorders.keys()][0]!)!
      const { silentMs, renewAfterMs = rule.lineLifeMs - hourMs } = resolved
      // Each line has an exchange object of its own, which it may close; the first one fills holes.
      const own = make === undefined ? first : await make()
      await listen(own, make, { rule, recorders, silentMs, renewAfterMs, tell }, signal)
    })
    const loops = [...recorded.values()].flatMap(({ recorder, filler, check }) => [
      recorder.storeUntil(signal),
      filler.fillUntil(signal),
      ...(check === undefined ? [] : [check.checkUntil(signal)]),
    ])
    await untilAllEnded([...lines, ...loops], stop)
  } finally {
    stop.abort()
    await closeExchange(first, tell)
  }
}

/** One line for all symbols where ccxt can do that, else a line for each. */
function linesOf(
  exchange: TradeExchange,
  recorded: ReadonlyMap<string, Recorded>,
): ReadonlyMap<string, PairRecorder>[] {
  const all = [...recorded].map(([symbol, { recorder }]) => [symbol, recorder] as const)
  return exchange.has['watchTradesForSymbols'] === true
    ? [new Map(all)]
    : all.map((entry) => new Map([entry]))
}

async function prepare(
  db: DatabaseManager,
  exchange: TradeExchange,
  symbol: string,
  options: ResolvedRecordOptions & {
    signal: AbortSignal
    tell: NonNullable<RecordOptions['onEvent']>
  },
): Promise<Recorded> {
  const { tell, signal, maxFillMs, backfillMs, maxQueuedTrades, pairOf, retention } = options
  const market = exchange.markets?.[symbol]
  if (market === undefined)
    throw new PairduckError('EXCHANGE_FAILED', `${exchange.id} has no market ${symbol}`, { symbol })
  const wanted = pairOf?.(symbol) ?? {
    exchange: exchange.id,
    market: market.type ?? 'spot',
    symbol,
  }
  const pair = formatPair(parsePair(wanted))
  const rule = exchangeRule(exchange.id, symbol)
  const isNew = await isUnknown(db, pair)
  await db.claimIdSpace(pair, rule.idSpace)
  if (retention !== undefined) await db.setRetention(pair, retention)
  else if (isNew) await keepEverything(db, pair, tell)
  const known = await readKnownTrades(db, pair, backfillMs)
  const store = new TradeStore(db, pair, tell, signal)
  const filler = new GapFiller({ exchange: () => exchange, symbol, rule, store, tell, maxFillMs })
  for (const gap of known.gaps) filler.add(gap)
  const check =
    rule.sumsVolume === true && market.type === 'spot'
      ? new VolumeCheck({ exchange, symbol, db, store, filler, tell })
      : undefined
  const recorder = new PairRecorder({
    symbol,
    rule,
    store,
    filler,
    tell,
    maxQueued: maxQueuedTrades,
    known,
    check,
  })
  return { recorder, filler, check, rule }
}

async function opened(exchange: TradeExchange): Promise<TradeExchange> {
  // A call has to give only what is new since the last one, else every trade is given again.
  exchange.newUpdates = true
  try {
    await exchange.loadMarkets()
    return exchange
  } catch (error) {
    await closeExchange(exchange)
    throw new PairduckError('EXCHANGE_FAILED', `${exchange.id}: ${(error as Error).message}`, {
      cause: error,
      exchange: exchange.id,
    })
  }
}

/** The first loop that fails stops the others; what it failed of is told when all have ended. */
async function untilAllEnded(
  loops: readonly Promise<void>[],
  stop: AbortController,
): Promise<void> {
  const watched = loops.map((loop) =>
    loop.catch((error: unknown) => {
      stop.abort()
      throw error
    }),
  )
  const ends = await Promise.allSettled(watched)
  const failed = ends.find((end) => end.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}
