import { PairduckError, visible } from '../../../errors.ts'
import { readRows } from '../../duckdb/read-rows.ts'
import { fileName, quoted, type FileColumn } from '../file-relation.ts'
import { begins, type RowFormat } from './format.ts'

/** Rows by which columns are told. */
const sampleRows = 100

export const parquet: RowFormat = {
  kind: 'rows',
  name: 'parquet',
  about: 'Apache Parquet, as pandas, polars, freqtrade and DuckDB write it',
  fits: (head) => begins(head, 0x50, 0x41, 0x52, 0x31),
  async open({ name, path }, { connection }) {
    const relation = `read_parquet(${fileName(path)})`
    const columns = await readRows<FileColumn>(
      connection,
      `SELECT column_name AS name, column_type AS type FROM (DESCRIBE SELECT * FROM ${relation})`,
    ).catch((cause: unknown) => {
      throw damaged(name, cause)
    })
    const texts = columns.map(({ name }, at) => `${quoted(name)}::VARCHAR AS c${at}`)
    const first = await readRows<Record<string, string | null>>(
      connection,
      `SELECT ${texts.join(', ')} FROM ${relation} LIMIT ${sampleRows}`,
    )
    return {
      columns,
      isEmpty: false,
      text: undefined,
      relation: () => relation,
      reference: (name, type) => ({ sql: quoted(name), type }),
      samples: (column) => {
        const at = columns.findIndex(({ name }) => name === column)
        return first.map((row) => row[`c${at}`] ?? '')
      },
      locate: async (row, column) => {
        const [found] = await readRows<{ value: string | null }>(
          connection,
          `SELECT ${quoted(column)}::VARCHAR AS value FROM ${relation} LIMIT 1 OFFSET ${row}`,
        )
        return { line: row + 1, value: found?.value }
      },
    }
  },
}

function damaged(name: string, cause: unknown): PairduckError {
  return new PairduckError(
    'IMPORT_FAILED',
    `${visible(name)} is a damaged Parquet file, or was cut short: write or download it again; nothing of it is stored`,
    { file: name, cause },
  )
}
