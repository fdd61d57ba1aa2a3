/**
 * `bought sold buys sells` of ticks by the given keys: both sides' volumes and numbers of trades.
 */
export function bothSides(keys: string): string {
  return `SELECT ${keys}, sumKahanIf(volume, side = 'BUY') AS bought,
      sumKahanIf(volume, side = 'SELL') AS sold,
      countIf(side = 'BUY') AS buys, countIf(side = 'SELL') AS sells
    FROM ticks GROUP BY ALL`
}

/** A sum (not negative) by which to rank and tell equal ones: its first 13 digits. */
export function comparable(sum: string): string {
  const scale = `exp10(13 - ceil(log10(nullIf(${sum}, 0))))`
  return `ifNull(if(isFinite(${sum} * ${scale}), round(${sum} * ${scale}) / ${scale}, ${sum}), 0)`
}
