/** The figures kept per side and base asset. */
export const tradeFigures = ['count', 'amount', 'notional', 'fee'] as const
export type TradeFigure = (typeof tradeFigures)[number]

/**
 * The names of all keys and channels. The bare ones are those that MockExchange's readers know;
 * `mirror:*` is ours. A prefix with braces (`{mx}:`) puts all of them into one slot of a cluster.
 */
export class MirrorKeys {
  readonly prefix: string
  readonly orders: string
  readonly openSet: string
  readonly balances: string
  readonly leader: string
  readonly fence: string
  readonly epoch: string
  readonly sequence: string
  readonly symbols: string
  readonly tickers: string
  readonly transfers: string
  readonly since: string
  readonly written: string
  readonly closed: string
  readonly absent: string
  /** Holds nothing: what a user may do is tried on it. */
  readonly probe: string
  readonly sums: string
  readonly traded: string
  readonly carried: string
  readonly transferTimes: string
  readonly removedTransfers: string
  readonly depositsIndex: string
  readonly withdrawalsIndex: string
  /** Channel of what changed. */
  readonly changes: string
  /** Channel of take-overs between writers. */
  readonly writers: string

  /** A server's channels are those of all its databases: the name of any but the first says which. */
  constructor(prefix: string, database: number = 0) {
    const ofDatabase = database === 0 ? '' : `:${database}`
    this.prefix = prefix
    this.orders = `${prefix}orders`
    this.openSet = `${prefix}open:set`
    this.balances = `${prefix}balances`
    this.leader = `${prefix}engine:leader`
    this.fence = `${prefix}mirror:fence`
    this.epoch = `${prefix}mirror:epoch`
    this.sequence = `${prefix}mirror:sequence`
    this.symbols = `${prefix}mirror:symbols`
    this.tickers = `${prefix}mirror:tickers`
    this.transfers = `${prefix}mirror:transfers`
    this.since = `${prefix}mirror:since`
    this.written = `${prefix}mirror:written`
    this.closed = `${prefix}mirror:closed`
    this.probe = `${prefix}mirror:probe`
    this.absent = `${prefix}mirror:absent`
    this.sums = `${prefix}mirror:sums`
    this.traded = `${prefix}mirror:traded`
    this.carried = `${prefix}mirror:carried`
    this.transferTimes = `${prefix}mirror:transfer-times`
    this.removedTransfers = `${prefix}mirror:removed-transfers`
    this.depositsIndex = `${prefix}deposits:index`
    this.withdrawalsIndex = `${prefix}withdrawals:index`
    this.changes = `${prefix}mirror:changes${ofDatabase}`
    this.writers = `${prefix}mirror:writers${ofDatabase}`
  }

  open(symbol: string): string {
    return `${this.prefix}open:${symbol}`
  }

  ticker(symbol: string): string {
    return `${this.prefix}tickers:${symbol}`
  }

  fills(symbol: string): string {
    return `${this.prefix}mirror:fills:${symbol}`
  }

  /** Ids of a symbol's trades by their times: what they are paged by, and removed by. */
  fillTimes(symbol: string): string {
    return `${this.prefix}mirror:fill-times:${symbol}`
  }

  trades(side: 'buy' | 'sell', base: string, figure: TradeFigure): string {
    return `${this.prefix}trades:${side}:${base}:${figure}`
  }

  tradesIndex(figure: TradeFigure): string {
    return `${this.prefix}trades:index:${figure}`
  }

  transferTotals(type: 'deposit' | 'withdrawal', asset: string): string {
    return `${this.prefix}${type}s:${asset}`
  }

  transferIndex(type: 'deposit' | 'withdrawal'): string {
    return type === 'deposit' ? this.depositsIndex : this.withdrawalsIndex
  }

  /** Keys whose type is known beforehand and is checked when a mirror opens. */
  fixed(): ReadonlyMap<string, 'hash' | 'set' | 'string' | 'zset'> {
    return new Map([
      [this.orders, 'hash'],
      [this.openSet, 'set'],
      [this.balances, 'hash'],
      [this.leader, 'string'],
      [this.fence, 'string'],
      [this.epoch, 'string'],
      [this.sequence, 'string'],
      [this.symbols, 'set'],
      [this.tickers, 'set'],
      [this.transfers, 'hash'],
      [this.since, 'hash'],
      [this.written, 'string'],
      [this.closed, 'zset'],
      [this.absent, 'hash'],
      [this.sums, 'hash'],
      [this.traded, 'hash'],
      [this.carried, 'hash'],
      [this.transferTimes, 'zset'],
      [this.removedTransfers, 'hash'],
      [this.depositsIndex, 'set'],
      [this.withdrawalsIndex, 'set'],
    ] as const)
  }
}
