/**
 * "When does a later bar first reach this price?", for many prices at once.
 *
 * The plain way pairs every price with every later bar: 5,000 gaps over 24,000 bars are sixty
 * million pairs and seconds. Here bars stand in blocks of 64; a price first looks for the first
 * block that reaches it, then at the bars of that block and of its own: some hundred pairs each.
 */
export interface LaterBars {
  /** CTE with `id`, `block` (of the last bar needed), `known_at` and what the conditions speak of. */
  readonly levels: string
  /** CTE with `timestamp`, `block`, `low`, `high`, `lowest_close`, `highest_close`. */
  readonly bars: string
  /**
   * Column → condition on `level` and `later`. Its value is the open time of the first later bar
   * that meets it. A block is asked the same with its lowest low and close and highest high and
   * close, so a condition may only ask whether a bar reaches far enough to one side.
   */
  readonly first: Readonly<Record<string, string>>
  /** Column → expression on `level` and `later` whose largest value over all later bars is given. */
  readonly largest?: Readonly<Record<string, string>>
}

/** The block of the bar at a position in the order of time, for {@link laterBarsSql}. */
export function blockSql(position: string): string {
  return `(${position}) // 64`
}

/** CTEs, the last of them `reached`: every level with the asked columns, NULL where none is met. */
export function laterBarsSql({ levels, bars, first, largest = {} }: LaterBars): string {
  const names = Object.keys(first)
  const extremes = Object.entries(largest)
  return `
    bar_block AS (
      SELECT
        block, min(low) AS low, max(high) AS high,
        min(lowest_close) AS lowest_close, max(highest_close) AS highest_close
      FROM ${bars} GROUP BY block
    ), ahead AS (
      SELECT
        level.id,
        ${[
          ...Object.entries(first).map(
            ([name, condition]) => `min(later.block) FILTER (${condition}) AS ${name}`,
          ),
          ...extremes.map(([name, value]) => `max(${value}) AS ${name}`),
        ].join(', ')}
      FROM ${levels} AS level JOIN bar_block AS later ON later.block > level.block
      GROUP BY level.id
    ), looked_at AS (
      SELECT
        level.*,
        unnest(list_distinct([level.block, ${names.map((name) => `ahead.${name}`).join(', ')}])) AS look
      FROM ${levels} AS level LEFT JOIN ahead ON ahead.id = level.id
    ), nearby AS (
      SELECT
        level.id,
        ${[
          ...Object.entries(first).map(
            ([name, condition]) => `min(later.timestamp) FILTER (${condition}) AS ${name}`,
          ),
          ...extremes.map(([name, value]) => `max(${value}) AS ${name}`),
        ].join(', ')}
      FROM looked_at AS level
      JOIN ${bars} AS later ON later.block = level.look AND later.timestamp >= level.known_at
      GROUP BY level.id
    ), reached AS (
      SELECT
        level.*,
        ${[
          ...names.map((name) => `nearby.${name}`),
          ...extremes.map(([name]) => `greatest(nearby.${name}, ahead.${name}) AS ${name}`),
        ].join(', ')}
      FROM ${levels} AS level
      LEFT JOIN nearby ON nearby.id = level.id
      LEFT JOIN ahead ON ahead.id = level.id
    )`
}
