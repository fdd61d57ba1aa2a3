import { describe, expect, it } from 'vitest'
import { importedCandles, shareImports } from '../support/imported-text.ts'

const { importedText, refusedText } = shareImports()

const at = Date.UTC(2024, 0, 1)
const summary = async (
  content: string,
  options: Parameters<typeof importedText>[1] = {},
): Promise<unknown[]> =>
  (await importedText(content, options)).ticks.map(
    ({ timestamp, price, volume, side, tradeId }) => [
      // To the microsecond: a difference of large numbers has more digits.
      Math.round((timestamp - at) * 1000) / 1000,
      price,
      volume,
      side,
      tradeId,
    ],
  )

const sidedRows = (sides: readonly string[]): string =>
  `timestamp,price,volume,side\n${sides.map((side, row) => `${at + row},1,2,${side}\n`).join('')}`

const goodRows = (count: number): string =>
  Array.from({ length: count }, (_, row) => `${at + row},1,2,buy,${row}\n`).join('')

describe('trades without a header are told by their values', () => {
  it.each<[string, string, unknown[]]>([
    ['Binance spot', `7,10.5,2,21,${at},True,True\n`, [0, 10.5, 2, 'SELL', '7']],
    ['Binance spot in µs', `7,10.5,2,21,${at}123,False,True\n`, [0.123, 10.5, 2, 'BUY', '7']],
    ['USD-M', `7,10.5,2,21,${at},false\n`, [0, 10.5, 2, 'BUY', '7']],
    ['spot aggregates', `7,10.5,2,1,2,${at},true,true\n`, [0, 10.5, 2, 'SELL', '7']],
    ['USD-M aggregates', `7,10.5,2,1,2,${at},true\n`, [0, 10.5, 2, 'SELL', '7']],
    ['freqtrade', `${at},7,,sell,10.5,2,21\n`, [0, 10.5, 2, 'SELL', '7']],
    ['Kraken REST', `10.5,2,${at / 1000}.25,b,l,,7\n`, [250, 10.5, 2, 'BUY', '7']],
    [
      'Bitfinex: sizes below zero were sold',
      `7,${at},2,10.5\n8,${at + 1},-3,10.5\n`,
      [0, 10.5, 2, 'BUY', '7'],
    ],
    ['time, price, volume, side', `${at},10.5,2,sell\n`, [0, 10.5, 2, 'SELL', null]],
  ])('%s', async (_what, content, first) => {
    expect((await summary(content))[0]).toEqual(first)
  })
})

describe('columns of sources', () => {
  it.each<[string, string, unknown[]]>([
    [
      'BitMEX',
      'timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,foreignNotional\n2024-01-01D00:00:00.001234000,XBTUSD,Sell,2,10.5,ZeroMinusTick,abc,1,1,1\n',
      [1.234, 10.5, 2, 'SELL', 'abc'],
    ],
    [
      'OKX',
      `instrument_name,trade_id,side,price,size,created_time\nX,7,buy,10.5,2,${at}\n`,
      [0, 10.5, 2, 'BUY', '7'],
    ],
    [
      'tardis',
      `exchange,symbol,timestamp,local_timestamp,id,side,price,amount\nx,X,${at}001,${at}999,7,buy,10.5,2\n`,
      [0.001, 10.5, 2, 'BUY', '7'],
    ],
    [
      'Kaiko',
      `id,exchange,symbol,date,price,amount,sell\n7,x,X,${at},10.5,2,true\n`,
      [0, 10.5, 2, 'SELL', '7'],
    ],
    [
      'Bitstamp',
      `date,tid,price,amount,type\n${at / 1000},7,10.5,2,1\n`,
      [0, 10.5, 2, 'SELL', '7'],
    ],
    [
      'Deribit',
      `trade_seq,trade_id,timestamp,price,instrument_name,direction,amount\n1,7,${at},10.5,X,sell,2\n`,
      [0, 10.5, 2, 'SELL', '7'],
    ],
    [
      'QuestDB',
      '"symbol","side","price","amount","timestamp"\n"X","buy",10.5,2,"2024-01-01T00:00:00.000001Z"\n',
      [0.001, 10.5, 2, 'BUY', null],
    ],
    [
      'pandas with an index',
      `,timestamp,price,amount,side,id\n0,${at},10.5,2,buy,7\n`,
      [0, 10.5, 2, 'BUY', '7'],
    ],
    ['Hyperliquid', `coin,side,px,sz,time,tid\nX,A,10.5,2,${at},7\n`, [0, 10.5, 2, 'SELL', '7']],
  ])('%s', async (_what, content, first) => {
    expect(await summary(content)).toEqual([first])
  })

  it('candles of MetaTrader, Yahoo, Kraken and others', async () => {
    for (const content of [
      '<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n2024.01.01\t00:00:00\t1\t3\t1\t2\t10\t0\t1\n',
      '2024.01.01,00:00,1,3,1,2,10\n',
      '<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\nX,D,20240101,000000,1,3,1,2,10,0\n',
      'Date,Open,High,Low,Close,Adj Close,Volume\n2024-01-01,1,3,1,2,2,10\n',
      `${at / 1000},1,3,1,2,10,5\n`,
      `${at},1,3,1,2,10\n`,
      `${at}000,1,3,1,2,10,${at}999,20,5,4,8,0\n`,
    ]) {
      const { candles } = await importedCandles(content, '1d')
      expect(candles).toMatchObject([
        { timestamp: at, open: 1, high: 3, low: 1, close: 2, volume: 10 },
      ])
    }
  })
})

describe('candles without a header are told by their values', () => {
  const bar = { timestamp: at, open: 2, high: 4, low: 1, close: 3, volume: 10 }
  const given = { quoteVolume: null, tradeCount: null }
  it.each<[string, string, object]>([
    ['Bybit: the turnover is no count', `${at},2,4,1,3,10,20\n`, { ...given, quoteVolume: 20 }],
    ['a count in milliseconds', `${at},2,4,1,3,10,7\n`, { ...given, tradeCount: 7 }],
    ['Kraken’s OHLCVT', `${at / 1000},2,4,1,3,10,20\n`, { ...given, tradeCount: 20 }],
    ['Kraken’s OHLC endpoint', `${at / 1000},2,4,1,3,2.5,10,7\n`, { ...given, tradeCount: 7 }],
    ['KuCoin', `${at / 1000},2,3,4,1,10,25\n`, { ...given, quoteVolume: 25 }],
    ['Coinbase: low and high first', `${at / 1000},1,4,2,3,10\n`, given],
    ['Bitfinex: open and close first', `${at},2,3,4,1,10\n`, given],
    ['ccxt', `${at},2,4,1,3,10\n`, given],
  ])('%s', async (_what, content, more) => {
    const { candles } = await importedCandles(content, '1m')
    expect(candles).toMatchObject([{ ...bar, ...more }])
  })
})

describe('sides', () => {
  it.each<[string, readonly string[], object, string[]]>([
    ['words in any case', ['Buyer', 'SELLER'], {}, ['BUY', 'SELL']],
    ['signs', ['1', '-1'], {}, ['BUY', 'SELL']],
    ['numbers that are named', ['2', '1'], { side: { buy: '1', sell: '2' } }, ['SELL', 'BUY']],
    [
      'several words',
      ['bid', 'up', 'ask'],
      { side: { buy: 'bid|up', sell: 'ask' } },
      ['BUY', 'BUY', 'SELL'],
    ],
    ['the maker’s', ['buy', 'sell'], { sideOf: 'maker' }, ['SELL', 'BUY']],
  ])('%s', async (_what, sides, options, wanted) => {
    const { ticks } = await importedText(sidedRows(sides), options)
    expect(ticks.map(({ side }) => side)).toEqual(wanted)
  })

  it('1 and 2 alone are not guessed', async () => {
    expect(await refusedText(sidedRows(['1', '2']))).toMatch(
      /line 2: column `side` .*--side "buy=…,sell=…"/,
    )
  })

  it('by the tick rule: as the last price that moved', async () => {
    const prices = [10, 11, 11, 10, 10, 12]
    const content = `time,price,size\n${prices.map((price, row) => `${at + row},${price},1\n`).join('')}`
    const { ticks, report } = await importedText(content, { sideRule: 'tick' })
    expect(ticks.map(({ side }) => side)).toEqual(['BUY', 'BUY', 'BUY', 'SELL', 'SELL', 'BUY'])
    expect(report.inferredSides).toBe('tick')
  })
})

describe('times', () => {
  it.each<[string, string, object, number]>([
    [
      'a format',
      '01/02/2024 03:04:05.678',
      { timeFormat: 'dd/MM/yyyy HH:mm:ss.SSS' },
      Date.UTC(2024, 1, 1, 3, 4, 5, 678),
    ],
    [
      'AM and PM',
      '1/2/2024 03:04:05 PM',
      { timeFormat: 'M/d/yyyy hh:mm:ss a' },
      Date.UTC(2024, 0, 2, 15, 4, 5),
    ],
    [
      'text in quotes and a zone',
      'on 2024-01-02 at 03:04 +0200',
      { timeFormat: `'on' yyyy-MM-dd 'at' HH:mm xx` },
      Date.UTC(2024, 0, 2, 1, 4),
    ],
    ['MetaTrader', '2024.01.02 03:04:05', {}, Date.UTC(2024, 0, 2, 3, 4, 5)],
    ['digits alone', '20240102030405', {}, Date.UTC(2024, 0, 2, 3, 4, 5)],
    ['digits and a blank', '20240102 030405', {}, Date.UTC(2024, 0, 2, 3, 4, 5)],
    ['ISO 8601 without signs', '20240102T030405Z', {}, Date.UTC(2024, 0, 2, 3, 4, 5)],
    ['digits, and a clock', '20240102  03:04:05', {}, Date.UTC(2024, 0, 2, 3, 4, 5)],
    ['a day as digits', '20240102', {}, Date.UTC(2024, 0, 2)],
    ['an offset', '2024-01-02T03:04:05+05:30', {}, Date.UTC(2024, 0, 1, 21, 34, 5)],
    ['nanoseconds as text', '2024-01-02T00:00:00.0000015Z', {}, Date.UTC(2024, 0, 2) + 0.002],
    [
      'nanoseconds as text, rounded down',
      '2024-01-02T00:00:00.000001499Z',
      {},
      Date.UTC(2024, 0, 2) + 0.001,
    ],
  ])('%s', async (_what, text, options, wanted) => {
    const { ticks } = await importedText(
      `timestamp,price,volume,side\n"${text}",1,2,buy\n`,
      options,
    )
    expect(ticks.map(({ timestamp }) => timestamp)).toEqual([wanted])
  })

  it('two columns', async () => {
    const content = 'day,clock,price,volume,side\n2024-01-02,03:04:05,1,2,buy\n'
    const { ticks } = await importedText(content, { columns: { timestamp: 'day+clock' } })
    expect(ticks[0]!.timestamp).toBe(Date.UTC(2024, 0, 2, 3, 4, 5))
    expect(
      await refusedText(content.replace('03:04', '99:04'), { columns: { timestamp: 'day+clock' } }),
    ).toMatch(/column `day\+clock` `"2024-01-02 99:04:05"`/)
  })

  it('a form that is none of them names the option', async () => {
    const content = 'timestamp,price,volume,side\n13/02/2024 10:00,1,2,buy\n'
    expect(await refusedText(content)).toMatch(/--time-format/)
    expect(await refusedText(content, { timeFormat: 'dd/QQQQ' })).toMatch(/`QQQQ` is no token/)
  })
})

describe('rows left out', () => {
  const header = 'timestamp,price,volume,side,id\n'

  it('more than 1 % of a file stop it, with reasons and counts; a larger share is allowed when told', async () => {
    const bad = Array.from({ length: 15 }, () => `${at},0,2,buy,x\n`).join('')
    const content = header + goodRows(500) + bad + `${at},1,2,hold,y\n`
    const said = await refusedText(content, { skipInvalid: true })
    expect(said).toMatch(
      /16 of the first 516 rows cannot be stored, more than 1 %.*15 rows: column `price`.*line 502.*1 row: column `side`/,
    )
    const { report } = await importedText(content, { skipInvalid: true, maxInvalidShare: 0.05 })
    expect(report).toMatchObject({ inserted: 500, rejected: 16 })
    expect(report.rejections.map(({ column, count, line }) => [column, count, line])).toEqual([
      ['price', 15, 502],
      ['side', 1, 517],
    ])
  })

  it('ids that mean none, and ids that were rounded', async () => {
    for (const id of ['NULL', 'N/A', String.raw`\N`, 'undefined', '<NA>', 'NaN', '[object Object]'])
      expect((await importedText(`${header}${at},1,2,buy,${id}\n`)).ticks[0]!.tradeId).toBe(null)
    for (const id of ['3.73568E+09', '1.5e+18', '1e+9'])
      expect(await refusedText(`${header}${at},1,2,buy,${id}\n`)).toMatch(/does not tell one id/)
  })
})
