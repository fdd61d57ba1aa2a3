/**
 * The tick rule (Lee and Ready 1991): a trade at a higher price than the one before was bought, at
 * a lower price sold; at the same price it is as the last one that moved. The first is bought.
 */
export class TickRule {
  #price = NaN
  #side: 'BUY' | 'SELL' = 'BUY'

  next(price: number): 'BUY' | 'SELL' {
    if (price > this.#price) this.#side = 'BUY'
    else if (price < this.#price) this.#side = 'SELL'
    this.#price = price
    return this.#side
  }
}
