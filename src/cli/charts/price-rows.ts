/** Bins of one size, merged by a whole factor so that they fit in the rows there are. */
export interface PriceRows {
  /** Lower edge of each row, the highest first; rows without trades are there too. */
  readonly lows: readonly number[]
  /** Height of a row in price. */
  readonly size: number
  /** How many bins a row holds. */
  readonly binsPerRow: number
  /** Which row holds a bin, given the bin's lower edge. */
  readonly rowOf: (low: number) => number
}

/** The rows of a chart over bins with these lower edges. Bins are counted, not compared as doubles. */
export function priceRows(lows: readonly number[], binSize: number, maxRows: number): PriceRows {
  const indexes = lows.map((low) => Math.round(low / binSize))
  const least = indexes.reduce((a, b) => Math.min(a, b), Infinity)
  const most = indexes.reduce((a, b) => Math.max(a, b), -Infinity)
  // Fewer cannot do; counted up from one, a great range of tiny bins would take hours.
  let binsPerRow = Math.max(1, Math.ceil((most - least + 1) / maxRows))
  const rowIndex = (bin: number): number => Math.floor(bin / binsPerRow)
  while (rowIndex(most) - rowIndex(least) + 1 > maxRows) binsPerRow++
  const [first, last] = [rowIndex(least), rowIndex(most)]
  const size = Number((binSize * binsPerRow).toPrecision(12))
  return {
    lows: Array.from({ length: last - first + 1 }, (_, row) =>
      Number(((last - row) * size).toPrecision(12)),
    ),
    size,
    binsPerRow,
    rowOf: (low) => last - rowIndex(Math.round(low / binSize)),
  }
}
