import { multiplyText } from '../../../src/mirror/model/decimal.ts'
import type { ReportFill } from '../../../src/mirror/report/trade-history.ts'

let made = 0

/** A fill from words: `sell 0.5 BTC/USDT at 100 fee 0.1 USDT`. Ids grow with every call. */
export function fillOf(words: string, timestamp: number): ReportFill {
  const [, side, amount, symbol, price, fee, feeCurrency] =
    /^(buy|sell) (\S+) (\S+) at (\S+)(?: fee (\S+) (\S+))?$/.exec(words)!
  made += 1
  return {
    id: `t${made}`,
    orderId: `o${made}`,
    symbol: symbol!,
    side: side === 'buy' ? 'buy' : 'sell',
    price: price!,
    amount: amount!,
    cost: multiplyText(price!, amount!),
    fee: fee ?? null,
    feeCurrency: feeCurrency ?? null,
    timestamp,
  }
}
