import type { ArchivedRelation } from '../../../archive/part-path.ts'
import { withoutClosed } from '../../../schema/bar-sources.ts'
import { candleViewSql, partColumns, rolledUntilSql } from '../../../schema/candles.ts'
import { forItsOldest } from '../../../schema/oldest-rows.ts'
import { candleRelation } from '../../../schema/tables.ts'
import type { Timeframe } from '../../../time.ts'
import type { ArchivePart } from '../../file/archive-ledger.ts'
import { parquetFiles } from '../../file/parquet-files.ts'

/** The tables that stand for the archive while a statement is planned. */
export const archivedTicks = 'pairduck_archived_ticks'
export const archivedParts = 'pairduck_archived_candle_parts'

/** What the archive keeps of candles. */
const storedParts = ['timeframe', ...partColumns].join(', ')

/** What a pair's own tables lie in. */
export interface PairCatalog {
  readonly alias: string
  readonly candles: readonly Timeframe[]
}

/** Where history begins by relation (µs), where it does not begin as the file's marks say. */
export type HistoryMarks = ReadonlyMap<ArchivedRelation, number>

/**
 * Empty stand-ins for the archive: two rows before and after all time, so that no statistics tell
 * the planner anything about them.
 */
export function standInSql({ alias }: PairCatalog): string[] {
  const sentinels = (table: string, of: string, columns: string): string =>
    `CREATE TEMP TABLE ${table} AS SELECT ${columns} FROM ${alias}.main.${of} LIMIT 0`
  return [
    sentinels(archivedTicks, 'ticks', '*'),
    `INSERT INTO ${archivedTicks} (timestamp) VALUES ('-infinity'), ('infinity')`,
    sentinels(archivedParts, 'pairduck_candle_parts', storedParts),
    `INSERT INTO ${archivedParts} (timestamp) VALUES ('-infinity'), ('infinity')`,
  ]
}

/** The archive itself in place of the stand-ins. */
export function archiveSql(
  { alias }: PairCatalog,
  files: { readonly ticks: readonly string[]; readonly candles: readonly string[] },
): string[] {
  const ticks =
    files.ticks.length === 0
      ? `SELECT * FROM ${alias}.main.ticks LIMIT 0`
      : `SELECT timestamp, price, volume, side::ENUM('BUY', 'SELL') AS side, trade_id
         FROM ${parquetFiles(files.ticks)}`
  const parts =
    files.candles.length === 0
      ? `SELECT ${storedParts} FROM ${alias}.main.pairduck_candle_parts LIMIT 0`
      : `SELECT ${storedParts} FROM ${parquetFiles(files.candles)}`
  return [
    `DROP TABLE ${archivedTicks}`,
    `DROP TABLE ${archivedParts}`,
    `CREATE TEMP VIEW ${archivedTicks} AS ${ticks}`,
    `CREATE TEMP VIEW ${archivedParts} AS ${parts}`,
  ]
}

/**
 * Temporary views that stand before the pair's own tables and add what is archived. What is not
 * rolled up yet is never in the archive.
 */
export function historySql(
  { alias, candles }: PairCatalog,
  marks: HistoryMarks,
  rolledUntil: string,
): string[] {
  const main = `${alias}.main`
  const replaced = [...marks.keys()].map((relation) => `'${relation}'`)
  const kept = replaced.length === 0 ? 'true' : `relation NOT IN (${replaced.join(', ')})`
  const begins = [...marks]
    .filter(([, micros]) => micros !== -Infinity)
    .map(([relation, micros]) => `UNION ALL SELECT '${relation}', make_timestamp(${micros})`)
  return [
    `CREATE TEMP VIEW pairduck_marks AS
     SELECT relation, deleted_before FROM ${main}.pairduck_marks WHERE ${kept} ${begins.join(' ')}`,
    `CREATE TEMP VIEW pairduck_candle_parts AS
     SELECT ${storedParts} FROM ${main}.pairduck_candle_parts UNION ALL SELECT * FROM ${archivedParts}`,
    ...candles.map((timeframe) =>
      withoutClosed(candleViewSql(timeframe))
        .replace(`VIEW ${candleRelation(timeframe)}`, `TEMP VIEW ${candleRelation(timeframe)}`)
        .replaceAll('FROM ticks WHERE', `FROM ${main}.ticks WHERE`)
        .replaceAll(rolledUntilSql, rolledUntil),
    ),
    `CREATE TEMP VIEW ticks AS
     SELECT * FROM ${main}.ticks UNION ALL SELECT * FROM ${archivedTicks}`,
  ]
}

/** A statement that takes the oldest times of the archive from where its parts begin. */
export function oldestByParts(
  sql: string,
  { alias }: PairCatalog,
  parts: readonly ArchivePart[],
): string {
  const oldest = new Map<ArchivedRelation, number>()
  for (const { relation, first } of parts)
    oldest.set(relation, Math.min(first, oldest.get(relation) ?? first))
  const rows = (of: (relation: ArchivedRelation) => string | undefined): string =>
    [...oldest]
      .flatMap(([relation, micros]) => {
        const columns = of(relation)
        return columns === undefined
          ? []
          : [`UNION ALL SELECT ${columns}make_timestamp(${micros}) AS timestamp`]
      })
      .join(' ')
  const ticks = rows((relation) => (relation === 'ticks' ? '' : undefined))
  const candles = rows((relation) =>
    relation === 'ticks' ? undefined : `'${relation.slice('candles_'.length)}', `,
  )
  return sql
    .replaceAll(forItsOldest('ticks'), `(SELECT timestamp FROM ${alias}.main.ticks ${ticks})`)
    .replaceAll(
      forItsOldest('pairduck_candle_parts'),
      `(SELECT timeframe, timestamp FROM ${alias}.main.pairduck_candle_parts ${candles})`,
    )
}
