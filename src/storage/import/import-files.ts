import { availableParallelism } from 'node:os'
import { stat } from 'node:fs/promises'
import PQueue from 'p-queue'
import { PairduckError, visible } from '../../errors.ts'
import { formatPair, parsePair, type Pair, type PairLike } from '../../pair.ts'
import type { Timeframe } from '../../time.ts'
import { withCode } from '../duckdb/duckdb-errors.ts'
import { hashOf } from './checksum.ts'
import { listFiles } from './file-list.ts'
import type { ImportLedger } from './import-ledger.ts'
import type {
  ImportedFile,
  ImportFilesReport,
  ResolvedImportFilesOptions,
} from './import-files-options.ts'
import type { CandleImportReport, ImportReport } from './import-options.ts'
import { NameTemplate } from './name-template.ts'

type Report = ImportReport | CandleImportReport
type FileOptions = ResolvedImportFilesOptions['each']

/** What imports one file, and where a pair's files are. */
export interface FileImporter {
  readonly ledger: ImportLedger
  readonly isStored: (pair: Pair) => Promise<boolean>
  readonly importOne: (
    pair: Pair,
    file: string,
    candles: Timeframe | undefined,
    options: FileOptions,
  ) => Promise<Report>
  /** Brings a pair up to date after its last file. */
  readonly settle: (pair: Pair) => Promise<void>
  /** Closes a pair's file if nobody else has it, and with that lets go of what the engine keeps of it. */
  readonly rest: (pair: Pair) => Promise<void>
}

/** The engine keeps what it wrote in memory, up to its limit; after so many ticks it is told not to. */
const ticksBeforeRest = 500_000

interface Job {
  readonly file: string
  readonly pair: Pair
  readonly bytes: number
}

/**
 * Imports many files: those of a pair one after the other in the order of their names, several
 * pairs at once. What the ledger says is imported is skipped; a file that fails is told and the
 * others go on.
 */
export async function importFiles(
  base: PairLike | undefined,
  inputs: readonly string[],
  options: ResolvedImportFilesOptions,
  importer: FileImporter,
): Promise<ImportFilesReport> {
  const jobs = await planJobs(base, inputs, options.pairFromName)
  const results: ImportedFile[] = []
  const totalBytes = jobs.reduce((sum, { bytes }) => sum + bytes, 0)
  let doneBytes = 0
  const concurrency = options.concurrency ?? Math.min(4, availableParallelism())
  const queue = new PQueue({ concurrency })
  const pairs = byPair(jobs).map((ofPair) =>
    queue.add(() =>
      importPair(ofPair, options, importer, (result, { bytes }) => {
        doneBytes += bytes
        results.push(result)
        options.onFile?.({
          ...result,
          done: results.length,
          of: jobs.length,
          doneBytes,
          totalBytes,
        })
      }),
    ),
  )
  await Promise.all(pairs)
  return summary(results, options.each.signal?.aborted === true)
}

/** The files of one pair. */
async function importPair(
  jobs: readonly Job[],
  options: ResolvedImportFilesOptions,
  importer: FileImporter,
  onResult: (result: ImportedFile, job: Job) => void,
): Promise<void> {
  let stored = 0
  try {
    for (const job of jobs) {
      if (options.each.signal?.aborted === true) return
      const result = await importJob(job, options, importer)
      stored += result.report?.inserted ?? 0
      if (stored >= ticksBeforeRest) {
        await settle(job.pair, importer)
        await importer.rest(job.pair)
        stored = 0
      }
      onResult(result, job)
    }
  } finally {
    if (stored > 0) await settle(jobs[0]!.pair, importer)
  }
}

/** What is not done now the next write does: all that was stored is stored. */
async function settle(pair: Pair, importer: FileImporter): Promise<void> {
  await importer.settle(pair).catch(() => undefined)
}

/** Which file goes to which pair: decided, and refused, before anything is stored. */
async function planJobs(
  base: PairLike | undefined,
  inputs: readonly string[],
  pairFromName: string | undefined,
): Promise<readonly Job[]> {
  const files = await listFiles(inputs)
  const template = pairFromName === undefined ? undefined : new NameTemplate(pairFromName)
  const pair = template === undefined ? parsePair(base ?? '') : undefined
  const strangers = files.filter(
    (file) => template !== undefined && template.pairOf(file, base) === undefined,
  )
  if (strangers.length > 0)
    throw new PairduckError(
      'IMPORT_FAILED',
      `the names of ${strangers.length} of ${files.length} files do not fit ${pairFromName!}: ${strangers.slice(0, 3).map(visible).join(', ')}${strangers.length > 3 ? ' …' : ''}; nothing is stored`,
      { files: strangers },
    )
  return Promise.all(
    files.map(async (file) => ({
      file,
      pair: pair ?? template!.pairOf(file, base)!,
      bytes: (await stat(file)).size,
    })),
  )
}

function byPair(jobs: readonly Job[]): readonly (readonly Job[])[] {
  const pairs = new Map<string, Job[]>()
  for (const job of jobs) {
    const name = formatPair(job.pair)
    const known = pairs.get(name)
    if (known === undefined) pairs.set(name, [job])
    else known.push(job)
  }
  return [...pairs.values()]
}

async function importJob(
  job: Job,
  { each, candles, again }: ResolvedImportFilesOptions,
  { ledger, importOne, isStored }: FileImporter,
): Promise<ImportedFile> {
  const of = { file: job.file, pair: formatPair(job.pair) }
  try {
    const known = {
      pair: of.pair,
      sha256: await hashOf(job.file),
      options: rowOptions(each, candles),
    }
    const entry = await ledger.find(known)
    if (
      !again &&
      entry?.state === 'done' &&
      (each.pairFrom !== undefined || (await isStored(job.pair)))
    )
      return { ...of, status: 'skipped', report: undefined, error: undefined }
    const report = await importOne(job.pair, job.file, candles, each)
    if (report.stopped) return { ...of, status: 'stopped', report, error: undefined }
    await ledger.add({
      ...known,
      state: 'done',
      file: job.file,
      bytes: job.bytes,
      at: Date.now(),
    })
    return { ...of, status: 'imported', report, error: undefined }
  } catch (thrown) {
    const error = withCode(thrown, visible(job.file))
    // A mistake in the call is the caller's to hear of; a bad file leaves the others alone.
    if (!(error instanceof PairduckError)) throw error
    return { ...of, status: 'failed', report: undefined, error }
  }
}

/** What of the options decides what a row becomes: with others a file is imported anew. */
export function rowOptions(options: FileOptions, candles: Timeframe | undefined): string {
  const { columns, timeUnit, timeFormat, decimal, side, sideOf, sideRule, where, pairFrom } =
    options
  const { idScope, makeIds, member } = options
  const deciding = {
    candles,
    columns,
    timeUnit,
    timeFormat,
    decimal,
    side,
    sideOf,
    sideRule,
    where,
    pairFrom,
  }
  return JSON.stringify({ ...deciding, idScope, makeIds: makeIds === true || undefined, member })
}

function summary(files: readonly ImportedFile[], stopped: boolean): ImportFilesReport {
  const sum = (
    field: 'inserted' | 'duplicates' | 'conflicts' | 'expired' | 'replaced' | 'rejected',
  ): number =>
    files.reduce(
      (all, { report }) => all + (((report ?? {}) as Partial<Record<string, number>>)[field] ?? 0),
      0,
    )
  const count = (status: ImportedFile['status']): number =>
    files.filter((file) => file.status === status).length
  return {
    files,
    imported: count('imported'),
    skipped: count('skipped'),
    failed: count('failed'),
    inserted: sum('inserted'),
    duplicates: sum('duplicates'),
    conflicts: sum('conflicts'),
    expired: sum('expired'),
    replaced: sum('replaced'),
    rejected: sum('rejected'),
    stopped,
  }
}
