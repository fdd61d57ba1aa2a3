import { setTimeout as sleep } from 'node:timers/promises'
import type { RecordListener } from './record-events.ts'
import type { TradeExchange } from './trade-exchange.ts'

/** How long the closing of an exchange object is waited for: meanwhile nobody hears what goes on. */
const usualCloseMs = 5_000

/** Closings that have not ended: a second one of the same object could end what was opened after the first. */
const underWay = new WeakMap<TradeExchange, Promise<'closed'>>()
/** Those of them that nobody waits for any more. */
const late = new WeakSet<TradeExchange>()

/** Closes an exchange object. One that does not close in time is left, and told once. */
export async function closeExchange(
  exchange: TradeExchange,
  tell: RecordListener = () => undefined,
  closeMs: number = usualCloseMs,
): Promise<void> {
  if (exchange.close === undefined || late.has(exchange)) return
  const closing = underWay.get(exchange) ?? beginClosing(exchange)
  const waited = new AbortController()
  const timer = sleep(closeMs, 'late' as const, { signal: waited.signal }).catch(() => 'closed')
  const end = await Promise.race([closing, timer])
  waited.abort()
  if (end !== 'late' || late.has(exchange)) return
  late.add(exchange)
  const error = new Error(`an exchange object did not close within ${closeMs} ms`)
  tell({ type: 'error', pair: null, error })
}

function beginClosing(exchange: TradeExchange): Promise<'closed'> {
  const ended = (): 'closed' => {
    underWay.delete(exchange)
    late.delete(exchange)
    return 'closed'
  }
  const closing = exchange.close!().then(ended, ended)
  underWay.set(exchange, closing)
  return closing
}
