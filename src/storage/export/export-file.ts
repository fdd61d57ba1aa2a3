import { constants, createWriteStream } from 'node:fs'
import { copyFile, link, mkdtemp, open, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve, sep } from 'node:path'
import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { PairduckError } from '../../errors.ts'
import { formatPair, type Pair } from '../../pair.ts'
import type { Query } from '../../queries/query.ts'
import { fromDuckDb } from '../duckdb/duckdb-errors.ts'
import type { ColumnBatch } from '../duckdb/column-batch.ts'
import { syncFolder } from '../file/sync-folder.ts'
import { lentBatches, type ColumnStream } from '../pool/column-stream.ts'
import type { Lease } from '../pool/lease.ts'
import { century } from '../../time.ts'
import { resolveExportOptions, type ExportOptions, type ExportReport } from './export-options.ts'
import { streamOfParts } from './part-stream.ts'
import { formatNamed, type RowFormatName } from './row-formats.ts'
import { refuseNoQuery, type StreamOptions } from '../pool/lease-options.ts'

/** What an export reads from. */
export interface ExportSource {
  readonly dataDir: string
  streamColumns<Row>(pair: Pair, query: Query<Row>, options: StreamOptions): Promise<ColumnStream>
  withConnection<T>(pair: Pair, work: (lease: Lease) => Promise<T>): Promise<T>
}

/**
 * Writes the rows of a query into a file, which takes its name when it is whole and on the disk: a
 * reader of that name never sees a part of it.
 */
export async function exportFile(
  source: ExportSource,
  asked: { readonly pair: Pair; readonly query: Query<unknown>; readonly file: string },
  options: ExportOptions | undefined,
): Promise<ExportReport> {
  const { pair, query, file } = asked
  refuseNoQuery('export', query)
  const { format, overwrite, history, signal, onProgress } = resolveExportOptions(file, options)
  const target = await targetOf(file, source.dataDir)
  if (!overwrite) await refuseExisting(target)
  const scratch = await mkdtemp(`${target}.draft-`).catch(failed(target))
  const draft = join(scratch, 'rows')
  try {
    const rows =
      format === 'parquet'
        ? await source.withConnection(pair, (lease) =>
            lease.copyToParquet(query, draft, { signal, history }),
          )
        : await writeRows(
            await source.streamColumns(pair, query, {
              signal,
              history,
              timeoutMs: century,
              batchRows: formatNamed(format).batchRows,
            }),
            format,
            { to: createWriteStream(draft), onProgress, signal },
          )
    const { size: bytes } = await synced(draft)
    await (overwrite ? rename(draft, target) : takeName(draft, target))
    await syncFolder(dirname(target))
    return { pair: formatPair(pair), file: target, format, rows, bytes }
  } catch (error) {
    if (error instanceof PairduckError) throw error
    return failed(target)(error)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** Writes a stream's rows to wherever, as fast as they are taken; gives their number. */
export async function writeRows(
  stream: ColumnStream,
  format: RowFormatName,
  {
    to,
    onProgress,
    signal,
    end = true,
  }: {
    readonly to: Writable
    /** False where the target is not ours to end: a terminal, a pipe. */
    readonly end?: boolean
    readonly onProgress?: ExportOptions['onProgress']
    readonly signal?: AbortSignal | undefined
  },
): Promise<number> {
  let rows = 0
  const counted = async function* (): AsyncGenerator<ColumnBatch, void, undefined> {
    for await (const batch of lentBatches(stream)) {
      rows += batch.rows
      yield batch
      onProgress?.(rows)
    }
  }
  const parts = formatNamed(format).text(stream.columns, counted())
  const text = streamOfParts(parts)
  try {
    await pipeline(text, to, { end, ...(signal === undefined ? {} : { signal }) })
  } catch (error) {
    if (signal?.aborted !== true || error instanceof PairduckError) throw error
    throw new PairduckError('ABORTED', 'the export was aborted', { cause: signal.reason })
  } finally {
    await stream.close()
  }
  return rows
}

async function refuseExisting(target: string): Promise<void> {
  if ((await stat(target).catch(() => undefined)) === undefined) return
  throw existing(target)
}

function existing(target: string): PairduckError {
  return new PairduckError(
    'WRITE_REFUSED',
    `${target} is there already: give another name, or \`overwrite\``,
    { file: target },
  )
}

/** Unlike a rename, a link takes nobody's name away, also not one that came meanwhile. */
async function takeName(draft: string, target: string): Promise<void> {
  try {
    await link(draft, target)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') throw existing(target)
    // A file system without links.
    await copyFile(draft, target, constants.COPYFILE_EXCL)
  }
}

async function synced(draft: string): Promise<{ size: number }> {
  const handle = await open(draft, 'r+')
  try {
    await handle.sync()
    return await handle.stat()
  } finally {
    await handle.close()
  }
}

function failed(target: string): (error: unknown) => never {
  return (error) => {
    throw fromDuckDb(error, `export to ${target}`, 'IO_FAILED')
  }
}

async function targetOf(file: string, dataDir: string): Promise<string> {
  const named = resolve(file)
  const folder = await realpath(dirname(named)).catch(failed(named))
  const target = join(folder, basename(named))
  if (target === dataDir || target.startsWith(dataDir + sep))
    throw new TypeError(`an export does not go into the data directory: ${target}`)
  return target
}
