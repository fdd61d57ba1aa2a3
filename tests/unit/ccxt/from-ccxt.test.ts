import { binance, coinbaseexchange, kraken, type OHLCV, type Trade } from 'ccxt'
import { assert, integer, property } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { candlesFromCcxt, ticksFromCcxt } from '../../../src/ccxt/index.ts'
import { TickBatch } from '../../../src/storage/write/tick-batch.ts'

const at = 1_764_000_000_123

function trade(changes: object): Trade {
  const base = { id: '7', timestamp: at, symbol: 'BTC/USDT', side: 'buy', price: 64_000.5 }
  return { ...base, amount: 0.25, info: {}, ...changes } as unknown as Trade
}

function append(ticks: readonly object[]): void {
  new TickBatch().append(ticks as never, Date.parse('2099-01-01'))
}

describe('ticksFromCcxt', () => {
  // ccxt's own parsers are the oracle of what its objects look like.
  it('takes what ccxt parses of Binance, Kraken, Bybit and Coinbase, with all their microseconds', () => {
    const market = { id: 'BTCUSDT', symbol: 'BTC/USDT', spot: true, type: 'spot' }
    const aggregate = { a: 26129, p: '0.01633102', q: '4.70443515', f: 1, l: 2 }
    const row = ['64000.10000', '0.01000000', 1_764_000_000.1234567, 'b', 'l', '', 93_800_002]
    const parsed = [
      new binance().parseTrade({ ...aggregate, T: '1764000000123456', m: true }, market as never),
      new binance().parseTrade({ ...aggregate, T: 1_764_000_000_123, m: false }, market as never),
      new kraken().parseTrade(row as never, { symbol: 'BTC/USD' } as never),
      new coinbaseexchange().parseTrade(
        {
          trade_id: 42,
          side: 'sell',
          size: '0.5',
          price: '10',
          time: '2025-11-24T16:00:00.123456Z',
        } as never,
        { id: 'BTC-USD', symbol: 'BTC/USD' } as never,
      ),
    ]
    expect(ticksFromCcxt(parsed)).toEqual([
      {
        timestamp: at + 0.456,
        price: 0.01633102,
        volume: 4.70443515,
        side: 'SELL',
        tradeId: '26129',
      },
      { timestamp: at, price: 0.01633102, volume: 4.70443515, side: 'BUY', tradeId: '26129' },
      { timestamp: at + 0.456, price: 64_000.1, volume: 0.01, side: 'BUY', tradeId: '93800002' },
      // Coinbase names the maker's side; ccxt has turned it into the taker's.
      { timestamp: at + 0.456, price: 10, volume: 0.5, side: 'BUY', tradeId: '42' },
    ])
  })

  it('takes numbers as text, so that one exchange object serves store and mirror', () => {
    const [tick] = ticksFromCcxt([trade({ price: '0.00001234', amount: '1e3' })])
    expect(tick).toMatchObject({ price: 0.00001234, volume: 1000 })
  })

  it('believes a finer time only inside the same millisecond', () => {
    assert(
      property(integer({ min: 0, max: 999 }), integer({ min: 1, max: 1e6 }), (us, off) => {
        const datetime = (ms: number): string =>
          `${new Date(ms).toISOString().slice(0, 23)}${String(us).padStart(3, '0')}Z`
        expect(ticksFromCcxt([trade({ datetime: datetime(at) })])[0]!.timestamp).toBeCloseTo(
          at + us / 1000,
          6,
        )
        const other = trade({ datetime: datetime(at + off), info: { T: String(at + off) } })
        expect(ticksFromCcxt([other])[0]!.timestamp).toBe(at)
      }),
    )
  })

  it.each([
    [{ price: undefined }, 'price'],
    [{ price: '' }, 'price'],
    [{ amount: 0 }, 'amount'],
    [{ amount: 'NaN' }, 'amount'],
    [{ side: undefined }, 'side'],
    [{ timestamp: undefined }, 'timestamp'],
  ])('names the trade and the field of %j', (changes, field) => {
    expect(() => ticksFromCcxt([trade({}), trade(changes)])).toThrow(
      expect.objectContaining({
        code: 'INVALID_TICK',
        details: expect.objectContaining({ index: 1, field }),
      }),
    )
  })

  it('is named by an insert that meets the objects themselves', () => {
    expect(() => append([trade({})])).toThrow(/ticksFromCcxt\(trades\).*pairduck\/ccxt/)
    expect(() => append([{ timestamp: at, price: 1, volume: 1, side: 'buy' }])).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('ccxt') }),
    )
  })

  it('leaves out an id that the exchange does not give', () => {
    expect(ticksFromCcxt([trade({ id: undefined })])[0]).not.toHaveProperty('tradeId')
    expect(ticksFromCcxt([trade({ id: '9007199254740993' })])[0]!.tradeId).toBe('9007199254740993')
  })
})

describe('candlesFromCcxt', () => {
  const minute = 60_000
  const open = 1_764_000_000_000
  const rows: OHLCV[] = [0, 1, 2].map((bar) => [open + bar * minute, 1, 3, 0.5, 2, 10])

  it('leaves out the bar that is open', () => {
    const times = (now: number): number[] =>
      candlesFromCcxt(rows, { now }).map(({ timestamp }) => timestamp - open)
    expect(times(open + 3 * minute - 1)).toEqual([0, minute])
    expect(times(open + 3 * minute)).toEqual([0, minute, 2 * minute])
    expect(candlesFromCcxt(rows, { dropOpen: false })).toHaveLength(3)
  })

  it('asks how long a bar is where one row alone does not tell', () => {
    const one = rows.slice(0, 1)
    expect(() => candlesFromCcxt(one)).toThrow(/timeframe/)
    expect(candlesFromCcxt(one, { timeframe: '1m', now: open + minute })).toEqual([
      { timestamp: open, open: 1, high: 3, low: 0.5, close: 2, volume: 10 },
    ])
  })

  it('names the row and field of what is no number, and refuses misspelt options', () => {
    const bad = [[open, '1', 'x', 1, 1, 1]]
    expect(() => candlesFromCcxt(bad, { dropOpen: false })).toThrow(/row 0 of ccxt: `high` `"x"`/)
    expect(() => candlesFromCcxt(rows, { dropopen: true } as never)).toThrow(/did you mean/)
  })
})
