import { setTimeout as sleep } from 'node:timers/promises'
import { BackOff } from './back-off.ts'
import { closeExchange } from './close-exchange.ts'
import type { ExchangeRule } from './exchange-rule.ts'
import type { PairRecorder } from './pair-recorder.ts'
import type { RecordListener } from './record-events.ts'
import type { TradeExchange } from './trade-exchange.ts'

const usualOverlapMs = 5_000
/** Where no new line could be had, it is tried again after this long. */
const retryMs = 60_000
/** How long the making of a new exchange may take. */
const makeMs = 60_000

export interface LineOptions {
  readonly rule: ExchangeRule
  readonly recorders: ReadonlyMap<string, PairRecorder>
  readonly silentMs: number
  readonly renewAfterMs: number
  /** How long both are heard when one takes over from the other, from the new one's first trades on. */
  readonly overlapMs?: number
  /** How long the closing of a line is waited for. */
  readonly closeMs?: number
  readonly tell: RecordListener
}

/** Why a line ended: it was cut, gave nothing for too long, was to be changed, or nobody wants it any more. */
type End =
  | { readonly state: 'cut' | 'silent'; readonly error: unknown }
  | { readonly state: 'changed' | 'stopped'; readonly error?: undefined }

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
  let current = new Line(exchange, options)
  let { renewAfterMs } = options
  const opensAnew = makeExchange === undefined
  try {
    for (;;) {
      await hear(current, { ...options, renewAfterMs, opensAnew }, signal)
      if (signal.aborted || makeExchange === undefined) break
      const next = await takeOver(current, makeExchange, options, signal)
      renewAfterMs =
        next === current ? Math.min(retryMs, options.renewAfterMs) : options.renewAfterMs
      current = next
    }
  } finally {
    await current.close()
  }
}

/**
 * Hears a line until the signal fires, and opens it again whenever it was cut; until it is to be changed,
 * where that means another one.
 */
async function hear(
  line: Line,
  options: LineOptions & { readonly opensAnew?: boolean },
  signal: AbortSignal,
): Promise<void> {
  const backOff = new BackOff()
  while (!signal.aborted) {
    const { state, error } = await follow(line, options, backOff, signal)
    if (state === 'stopped') return
    // At once: what comes next, by whatever line, comes after a hole.
    const isChange = state === 'changed' && options.opensAnew !== true
    if (!isChange) for (const recorder of options.recorders.values()) recorder.cut()
    tellLine(options, state, error)
    if (isChange) return
    await line.close()
    if (state !== 'changed') await backOff.wait(signal)
  }
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
  const [overlap, failed] = [new AbortController(), new AbortController()]
  const both = AbortSignal.any([signal, overlap.signal])
  // Also while the new one is made, which takes seconds: what nobody asks for, nobody gets.
  const hearing = hear(old, { ...options, renewAfterMs: Infinity }, both)
  const wanted = AbortSignal.any([signal, failed.signal])
  const heard = heardLine(makeExchange, old, options, wanted).finally(() => overlap.abort())
  try {
    const [fresh] = await Promise.all([heard, hearing])
    if (fresh === undefined) return old
    await old.close()
    return fresh
  } catch (error) {
    // Nobody goes on with it.
    failed.abort()
    await heard.then((fresh) => fresh?.close()).catch(() => undefined)
    throw error
  }
}

/** A new line that has been heard for a while; undefined where there can be none now, which is told. */
async function heardLine(
  makeExchange: () => Promise<TradeExchange>,
  old: Line,
  options: LineOptions,
  signal: AbortSignal,
): Promise<Line | undefined> {
  let fresh: Line | undefined
  try {
    fresh = new Line(await madeInTime(makeExchange, signal), options)
    // Before its first trades it may not be there yet.
    const renewAfterMs = options.overlapMs ?? usualOverlapMs
    const overlap = { ...options, renewAfterMs, isFromFirst: true }
    const end = await follow(fresh, overlap, new BackOff(), signal)
    if (end.error === undefined) return fresh
    // What the old one gives next comes after a hole, where only the new one was heard.
    if (fresh.isOpen && !old.isOpen)
      for (const recorder of options.recorders.values()) recorder.cut()
    throw end.error
  } catch (error) {
    await fresh?.close()
    if (!signal.aborted) options.tell({ type: 'error', pair: null, error })
    return undefined
  }
}

/** An exchange that comes when nobody waits for it any more is closed. */
async function madeInTime(
  makeExchange: () => Promise<TradeExchange>,
  signal: AbortSignal,
): Promise<TradeExchange> {
  const making = makeExchange()
  const made = new AbortController()
  const late = sleep(makeMs, undefined, { signal: AbortSignal.any([signal, made.signal]) })
  try {
    return await Promise.race([
      making,
      late.then(() => {
        throw new Error(`a new exchange object was not made within ${makeMs} ms`)
      }),
    ])
  } catch (error) {
    making.then((exchange) => closeExchange(exchange)).catch(() => undefined)
    throw error
  } finally {
    made.abort()
  }
}

/** Hands on what a line gives until it ends, or is to be changed. */
async function follow(
  line: Line,
  options: LineOptions & { readonly isFromFirst?: boolean },
  backOff: BackOff,
  signal: AbortSignal,
): Promise<End> {
  const { rule, recorders, silentMs, renewAfterMs, isFromFirst = false } = options
  let renewAt = isFromFirst ? Infinity : Date.now() + renewAfterMs
  for (;;) {
    const silentAt = Date.now() + silentMs
    const deadline = Math.min(renewAt, silentAt)
    const given = await line.next([...recorders.keys()], rule, { deadline, signal })
    // What has come in that very moment is taken: nobody is given it again.
    if (signal.aborted && !('trades' in given)) return { state: 'stopped' }
    if ('error' in given) return { state: 'cut', error: given.error }
    if ('late' in given) {
      // Not by the clock: timers go off a little early.
      if (renewAt <= silentAt) return { state: 'changed' }
      return { state: 'silent', error: new Error(`nothing came for ${silentMs} ms`) }
    }
    if (!line.isOpen) tellLine(options, 'open')
    line.isOpen = true
    if (renewAt === Infinity) renewAt = Date.now() + renewAfterMs
    backOff.reset()
    for (const [symbol, recorder] of recorders) {
      const trades = given.trades.filter((trade) => (trade.symbol ?? symbol) === symbol)
      if (trades.length > 0) recorder.take(trades)
    }
    if (signal.aborted) return { state: 'stopped' }
    if (Date.now() >= renewAt) return { state: 'changed' }
  }
}

function tellLine(
  { recorders, tell }: LineOptions,
  state: 'open' | 'cut' | 'silent' | 'changed',
  error?: unknown,
): void {
  const reason = error === undefined ? null : (error as Error).message
  tell({ type: 'line', state, symbols: [...recorders.keys()], reason })
}

/** What a line gives next, or that nothing came in time. */
type Given =
  | { readonly trades: Awaited<ReturnType<TradeExchange['watchTrades']>> }
  | { readonly error: unknown }
  | { readonly late: true }

function asLate(): Given {
  return { late: true }
}

/** The trades of an exchange, as they come. */
class Line {
  readonly #exchange: TradeExchange
  readonly #options: Pick<LineOptions, 'closeMs' | 'tell'>
  /** What was asked for and has not come by the deadline of who asked: it is for who asks next. */
  #coming: Promise<Given> | undefined
  /** Whether it has given something since it was opened. */
  isOpen = false

  constructor(exchange: TradeExchange, options: Pick<LineOptions, 'closeMs' | 'tell'>) {
    this.#exchange = exchange
    this.#options = options
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
    // A signal for each wait that follows from the recording's own would stay with that (Node 20).
    const waited = new AbortController()
    const stop = (): void => waited.abort()
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    const ms = Math.max(0, Math.min(deadline - Date.now(), 2 ** 31 - 1))
    const timer = sleep(ms, undefined, { signal: waited.signal }).then(asLate, asLate)
    const given = await Promise.race([this.#coming, timer])
    signal.removeEventListener('abort', stop)
    if (!('late' in given)) this.#coming = undefined
    waited.abort()
    return given
  }

  /** It may be asked again: then it is opened anew. */
  async close(): Promise<void> {
    this.#coming = undefined
    this.isOpen = false
    await closeExchange(this.#exchange, this.#options.tell, this.#options.closeMs)
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
