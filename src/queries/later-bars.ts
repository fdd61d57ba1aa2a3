/**
 * "When does a later bar first reach this price?", for many prices at once.
 *
 * The plain way pairs every price with every later bar: 5,000 gaps over 24,000 bars are sixty
 * million pairs and seconds. Here bars stand in blocks of 64; a price first looks for the first
 * block that reaches it, then at the bars of that block and of its own: some hundred pairs each.
 */
export interface LaterBars {
  /** CTE with `id`, `block` (of the last bar needed), `known_at` and `columns`. */
  readonly levels: string
  /** What conditions speak of and what is wanted back. */
  readonly columns: readonly string[]
  /** CTE with `timestamp`, `block` and the columns of `extremes`. */
  readonly bars: string
  /** Columns of bars that conditions speak of, and which of a block's values stands for the block. */
  readonly extremes: Readonly<Record<string, 'min' | 'max'>>
  /**
   * Column → condition on `level` and `later`. Its value is the open time of the first later bar
   * that meets it. A block is asked the same with its extremes, so a condition may only ask whether
   * a bar reaches far enough to one side.
   */
  readonly first: Readonly<Record<string, string>>
  /** How far a bar came: the largest value over all later bars is `depth`; below 0 may be missed. */
  readonly depth?: string
}

/** The block of the bar at a position in the order of time, for {@link laterBarsSql}. */
export function blockSql(position: string): string {
  return `(${position}) // 64`
}

/**
 * CTEs, the last of them `reached`: every level with the asked columns, NULL where none is met.
 * Each step names the one before it once: the planner goes through a CTE anew wherever it is named.
 */
export function laterBarsSql(of: LaterBars): string {
  const { levels, columns, bars, extremes, first, depth } = of
  const names = Object.keys(first)
  const asked = (value: string): string[] =>
    Object.entries(first).map(([name, when]) => `min(${value}) FILTER (${when}) AS ${name}`)
  const kept = ['id', 'known_at', ...columns].map((column) => `level.${column}`).join(', ')
  const deepest = depth === undefined ? [] : [`max(${depth}) AS depth`]
  const depths = depth === undefined ? [] : [`max(greatest(${depth}, level.depth_ahead)) AS depth`]
  return `
    ahead AS (
      SELECT ${[kept, 'level.block', ...asked('later.block'), ...deepest].join(', ')}
      FROM ${levels} AS level LEFT JOIN (
        SELECT
          block, ${Object.entries(extremes)
            .map(([column, extreme]) => `${extreme}(${column}) AS ${column}`)
            .join(', ')}
        FROM ${bars} GROUP BY block
      ) AS later ON later.block > level.block
      GROUP BY ALL
    ), looked_at AS (
      SELECT
        ${kept}, ${depth === undefined ? '' : 'depth AS depth_ahead,'}
        unnest(list_distinct([block, ${names.join(', ')}])) AS look
      FROM ahead AS level
    ), reached AS (
      SELECT ${[kept, ...asked('later.timestamp'), ...depths].join(', ')}
      FROM looked_at AS level
      LEFT JOIN ${bars} AS later ON later.block = level.look AND later.timestamp >= level.known_at
      GROUP BY ALL
    )`
}
