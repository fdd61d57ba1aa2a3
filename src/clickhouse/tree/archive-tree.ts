import { rule, type OptionRule } from '../../options.ts'
import { symbolToFolder, type Pair } from '../../pair.ts'

/** Where ClickHouse finds the archive. */
export type ClickhouseSource =
  | {
      /** The archive's folder, as the server sees it (below its `user_files_path`, but with chDB). */
      readonly folder: string
    }
  | {
      /** The archive's root in a bucket, such as `https://s3.eu-central-1.amazonaws.com/bucket/prefix`. */
      readonly url: string
      /** Default: what the server itself may read with. */
      readonly accessKeyId?: string | undefined
      readonly secretAccessKey?: string | undefined
      /** A cluster of the server's: its machines read the parts together (`s3Cluster`). */
      readonly cluster?: string | undefined
    }
  | {
      /** A table that `load` fills, as `database.table`. */
      readonly table: string
    }

/** A tree of Parquet files, as an archive writes it. */
export type TreeSource = Exclude<ClickhouseSource, { readonly table: string }>

/** How a table is named. */
export const tableRule: RegExp = /^(?:\w+\.)?\w+$/

/** The rule of the option `source`. */
export const sourceRule: OptionRule<ClickhouseSource> = rule<ClickhouseSource>(
  "{ folder }, { url } of a bucket's folder, or { table }, without wildcards (* ? { }) in them",
  (value) => {
    if (typeof value !== 'object' || value === null) return false
    const { folder, url, table } = value as Record<string, unknown>
    const given = [folder, url, table].filter((root) => root !== undefined)
    return (
      given.length === 1 &&
      typeof given[0] === 'string' &&
      (table === undefined ? /^[^*?{}\0]+$/ : tableRule).test(given[0])
    )
  },
  undefined as never,
)

/** Which parts of the tree: of one pair or of all, of days `from` to `to` (`YYYY-MM-DD`, inclusive). */
export interface PartsAsked {
  readonly pair?: Pair | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
  /** These days alone. */
  readonly only?: readonly string[] | undefined
}

/** FROM and WHERE over the ticks of a tree; parts of other days are not opened. */
export function treeTicks(source: TreeSource, asked: PartsAsked): string {
  return `${tree(source, asked.pair, { format: 'Parquet', columns: tickColumns })} WHERE ${daysSql(asked)}`
}

/** The days of a pair in a tree, by the names of its parts; none of them is opened. */
export function treeDays(source: TreeSource, asked: PartsAsked): string {
  return `SELECT DISTINCT toString(${day}) AS day
    FROM ${tree(source, asked.pair, { format: 'One' })} WHERE ${daysSql(asked)} ORDER BY day`
}

/** The columns of an archived tick, whatever the server would make of them by itself. */
const tickColumns = `timestamp DateTime64(6, 'UTC'), price Float64, volume Float64, side String, trade_id Nullable(String)`

/** The day of a part, out of its path. */
const day = `toDate(extract(_path, 'date=([0-9-]{10})'))`

function daysSql({ from, to, only }: PartsAsked): string {
  if (only !== undefined) return `${day} IN (${only.map((each) => text(each)).join(', ')})`
  const least = from === undefined ? [] : [`${day} >= ${text(from)}`]
  const most = to === undefined ? [] : [`${day} <= ${text(to)}`]
  return [...least, ...most].join(' AND ') || 'true'
}

interface Shape {
  readonly format: 'Parquet' | 'One'
  readonly columns?: string
}

function tree(source: TreeSource, pair: Pair | undefined, shape: Shape): string {
  const folder =
    pair === undefined
      ? 'exchange=*/market=*/symbol=*'
      : `exchange=${pair.exchange}/market=${pair.market}/symbol=${symbolToFolder(pair.symbol)}`
  const path = `ticks/${folder}/date=*/*.parquet`
  const read = [`'${shape.format}'`, ...(shape.columns === undefined ? [] : [text(shape.columns)])]
  if ('folder' in source)
    return `file(${[text(`${withoutSlash(source.folder)}/${path}`), ...read].join(', ')})`
  const { url, accessKeyId, secretAccessKey, cluster } = source
  // A percent sign of a name is written as one of an address.
  const address = text(`${withoutSlash(url)}/${path.replaceAll('%', '%25')}`)
  const keys = accessKeyId === undefined ? [] : [text(accessKeyId), text(secretAccessKey ?? '')]
  const given = [address, ...keys, ...read]
  return cluster === undefined
    ? `s3(${given.join(', ')})`
    : `s3Cluster(${[text(cluster), ...given].join(', ')})`
}

/** A text in ClickHouse's quotes. */
export function text(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll(`'`, `\\'`)}'`
}

function withoutSlash(root: string): string {
  return root.replace(/\/+$/, '')
}
