import { setTimeout as sleep } from 'node:timers/promises'
import { BackOff } from './back-off.ts'
import type { ExchangeRule } from './exchange-rule.ts'
import type { PairRecorder } from './pair-recorder.ts'
import type { RecordListener } from './record-events.ts'
import type { TradeExchange } from './trade-exchange.ts'

/** Two lines overlap for this long when one takes over from the other. */
const overlapMs = 5_000
/** Where no new line could be had, it is tried again after this long. */
const retryMs = 60_000

export interface LineOptions {
  readonly rule: ExchangeRule
  readonly recorders: ReadonlyMap<string, PairRecorder>
  readonly silentMs: number
  readonly renewAfterMs: number
  readonly tell: RecordListener
}

/** Why a line ended: it was cut, gave nothing for too long, was to be changed, or nobody wants it any more. */
type End = { readonly state: 'cut' | 'silent' | 'changed' | 'stopped'; readonly error?: unknown }

/**
 * Listens to an exchange's trades and hands them to their recorders, until the signal fires: opens
 * the line again after a cut, with back-off, and before the exchange's own limit of time. With a
 * `makeExchange` the new line is there before the old one goes.
 */
export async function listen(
  exchange: TradeExchange,
  makeExchange: (() => Promise<TradeExchange>) | undefined,
  options: LineOptions,
  signal: AbortSignal,
): Promise<void> {
  const symbols = [...options.recorders.keys()]
  const backOff = new BackOff()
  let current = new Line(exchange)
  let { renewAfterMs } = options
  while (!signal.aborted) {
    const end = await follow(current, { ...options, renewAfterMs }, backOff, signal)
    if (end.state === 'stopped') break
    const reason = end.error === undefined ? null : (end.error as Error).message
    options.tell({ type: 'line', state: end.state, symbols, reason })
    if (end.state === 'changed' && makeExchange !== undefined) {
      const next = await takeOver(current, makeExchange, options, signal)
      renewAfterMs =
        next === current ? Math.min(retryMs, options.renewAfterMs) : options.renewAfterMs
      current = next
      continue
    }
    for (const recorder of options.recorders.values()) recorder.cut()
    await current.close()
    renewAfterMs = options.renewAfterMs
    if (end.state !== 'changed') await backOff.wait(signal)
  }
  await current.close()
}

/**
 * The line that goes on: both are heard until the new one has been for a while, and trades that come
 * twice are one. The old one goes on where no new one can be had.
 */
async function takeOver(
  old: Line,
  makeExchange: () => Promise<TradeExchange>,
  options: LineOptions,
  signal: AbortSignal,
): Promise<Line> {
  const overlap = new AbortController()
  const both = AbortSignal.any([signal, overlap.signal])
  // Also while the new one is made, which takes seconds: what nobody asks for, nobody gets.
  const hearing = follow(old, { ...options, renewAfterMs: Infinity }, new BackOff(), both)
  const fresh = await heardLine(makeExchange, options, signal)
  overlap.abort()
  const { state, error } = await hearing
  if (state !== 'stopped') {
    // It broke off in the meantime, and the new one may not have been there yet.
    const reason = error === undefined ? null : (error as Error).message
    options.tell({ type: 'line', state, symbols: [...options.recorders.keys()], reason })
    for (const recorder of options.recorders.values()) recorder.cut()
  }
  if (fresh === undefined) return old
  await old.close()
  return fresh
}

/** A new line that has been heard for a while; undefined where there can be none now, which is told. */
async function heardLine(
  makeExchange: () => Promise<TradeExchange>,
  options: LineOptions,
  signal: AbortSignal,
): Promise<Line | undefined> {
  try {
    const fresh = new Line(await makeExchange())
    const end = await follow(fresh, { ...options, renewAfterMs: overlapMs }, new BackOff(), signal)
    if (end.error === undefined) return fresh
    await fresh.close()
    throw end.error
  } catch (error) {
    options.tell({ type: 'error', pair: null, error })
    return undefined
  }
}

/** Hands on what a line gives until it ends, or is to be changed. */
async function follow(
  line: Line,
  { rule, recorders, silentMs, renewAfterMs, tell }: LineOptions,
  backOff: BackOff,
  signal: AbortSignal,
): Promise<End> {
  const symbols = [...recorders.keys()]
  const renewAt = Date.now() + renewAfterMs
  let isOpen = false
  for (;;) {
    const silentAt = Date.now() + silentMs
    const given = await line.next(symbols, rule, { deadline: Math.min(renewAt, silentAt), signal })
    if (signal.aborted) return { state: 'stopped' }
    if ('error' in given) return { state: 'cut', error: given.error }
    if ('late' in given) {
      // Not by the clock: timers go off a little early.
      if (renewAt <= silentAt) return { state: 'changed' }
      return { state: 'silent', error: new Error(`nothing came for ${silentMs} ms`) }
    }
    if (!isOpen) tell({ type: 'line', state: 'open', symbols, reason: null })
    isOpen = true
    backOff.reset()
    for (const [symbol, recorder] of recorders) {
      const trades = given.trades.filter((trade) => (trade.symbol ?? symbol) === symbol)
      if (trades.length > 0) recorder.take(trades)
    }
    if (Date.now() >= renewAt) return { state: 'changed' }
  }
}

/** What a line gives next, or that nothing came in time. */
type Given =
  | { readonly trades: Awaited<ReturnType<TradeExchange['watchTrades']>> }
  | { readonly error: unknown }
  | { readonly late: true }

/** The trades of an exchange, as they come. */
class Line {
  readonly #exchange: TradeExchange
  /** What was asked for and has not come by the deadline of who asked: it is for who asks next. */
  #coming: Promise<Given> | undefined

  constructor(exchange: TradeExchange) {
    this.#exchange = exchange
  }

  /** What it gives next, or that nothing came by the deadline. */
  async next(
    symbols: string[],
    { watchParams }: ExchangeRule,
    { deadline, signal }: { readonly deadline: number; readonly signal: AbortSignal },
  ): Promise<Given> {
    this.#coming ??= watch(this.#exchange, symbols, watchParams).then(
      (trades): Given => ({ trades }),
      (error: unknown): Given => ({ error }),
    )
    const waited = new AbortController()
    const timer = sleep(Math.max(0, Math.min(deadline - Date.now(), 2 ** 31 - 1)), undefined, {
      signal: AbortSignal.any([signal, waited.signal]),
    }).then(
      (): Given => ({ late: true }),
      (): Given => ({ late: true }),
    )
    const given = await Promise.race([this.#coming, timer])
    if (!('late' in given)) this.#coming = undefined
    waited.abort()
    return given
  }

  /** It may be asked again: then it is opened anew. */
  async close(): Promise<void> {
    this.#coming = undefined
    await this.#exchange.close?.().catch(() => undefined)
  }
}

function watch(
  exchange: TradeExchange,
  symbols: string[],
  params: ExchangeRule['watchParams'],
): ReturnType<TradeExchange['watchTrades']> {
  return exchange.has['watchTradesForSymbols'] === true && exchange.watchTradesForSymbols
    ? exchange.watchTradesForSymbols(symbols, undefined, undefined, params)
    : exchange.watchTrades(symbols[0]!, undefined, undefined, params)
}
