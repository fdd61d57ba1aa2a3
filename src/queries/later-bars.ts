/**
 * "When does a later bar first reach this price?", for many prices at once.
 *
 * The plain way pairs every price with every later bar: 5,000 gaps over 24,000 bars are sixty
 * million pairs and seconds. Here bars stand in blocks of 64. A price looks at the bars of its own
 * block and the next, where most are met; then, for what is left, at whole blocks, and at last at
 * the bars of the first block that reaches it.
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
  /** How far a bar came: `depth` is the largest value over later bars until all of `first` is met. */
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
export function laterBarsSql({ levels, columns, bars, extremes, first, depth }: LaterBars): string {
  const asked = Object.entries(first)
  const kept = ['id', 'known_at', ...columns].map((column) => `level.${column}`)
  const found = asked.map(([name]) => `level.${name}`)
  const deepest = depth === undefined ? [] : [`max(${depth}) AS depth`]
  const deeper = depth === undefined ? [] : [`max(greatest(level.depth, ${depth})) AS depth`]
  const blocks = Object.entries(extremes).map(([name, extreme]) => `${extreme}(${name}) AS ${name}`)
  const allFound = found.map((name) => `${name} IS NOT NULL`).join(' AND ')
  const farBlocks = `list_distinct([${list(asked.map(([name]) => `${name}_block`))}])`
  return `
    near AS (
      SELECT ${list(
        kept,
        'level.block',
        asked.map(([name, when]) => `min(later.timestamp) FILTER (${when}) AS ${name}`),
        deepest,
      )}
      FROM (SELECT *, unnest([block, block + 1]) AS look FROM ${levels}) AS level
      LEFT JOIN ${bars} AS later ON later.block = level.look AND later.timestamp >= level.known_at
      GROUP BY ALL
    ), ahead AS (
      SELECT ${list(
        kept,
        found,
        asked.map(
          ([name, when]) =>
            `min(later.block) FILTER (level.${name} IS NULL AND ${when}) AS ${name}_block`,
        ),
        deeper,
      )}
      FROM near AS level LEFT JOIN (
        SELECT ${list('block', blocks)} FROM ${bars} GROUP BY block
      ) AS later ON later.block > CASE WHEN ${allFound} THEN ${beyondAllBlocks} ELSE level.block + 1 END
      GROUP BY ALL
    ), looked_at AS (
      SELECT *, unnest(CASE ${farBlocks} WHEN [] THEN [NULL] ELSE ${farBlocks} END) AS look
      FROM ahead
    ), reached AS (
      SELECT ${list(
        kept,
        asked.map(
          ([name, when]) =>
            `min(coalesce(level.${name}, CASE WHEN ${when} THEN later.timestamp END)) AS ${name}`,
        ),
        depth === undefined ? [] : 'level.depth',
      )}
      FROM looked_at AS level LEFT JOIN ${bars} AS later ON later.block = level.look
      GROUP BY ALL
    )`
}

const beyondAllBlocks = '9007199254740991'

function list(...parts: readonly (string | readonly string[])[]): string {
  return parts.flat().join(', ')
}
