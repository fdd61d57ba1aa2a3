import { basename } from 'node:path'
import type {
  ImportFilesProgress,
  ImportFilesReport,
} from '../../storage/import/import-files-options.ts'
import { exitInterrupted, type CliContext } from '../context.ts'
import { asUsage } from '../failure.ts'
import { countedText, countText, durationText } from '../figures.ts'
import { withManager } from '../manager.ts'
import { printAnswer } from '../pair-command.ts'
import { startProgress } from '../progress.ts'
import {
  keepsForeverNote,
  keptCandles,
  libraryOptions,
  type ImportCommandOptions,
} from './import-options.ts'

const progressSteps = 1_000

/** Imports what several names, a folder or a pattern stand for, and says what became of each file. */
export async function importMany(
  pair: string | undefined,
  files: readonly string[],
  given: ImportCommandOptions,
  context: CliContext,
): Promise<void> {
  const { terminal, signal } = context
  const started = performance.now()
  const progress = startProgress(terminal, progressSteps, {
    format: 'importing {bar} {percentage} %  {files} files  {rows} rows  {eta_formatted} left',
    figures: { files: '0', rows: '0' },
  })
  const notes = new Map<string, number>()
  let rows = 0
  const onFile = (file: ImportFilesProgress): void => {
    rows += file.report?.inserted ?? 0
    for (const note of notesOf(file)) notes.set(note, (notes.get(note) ?? 0) + 1)
    progress.update((file.doneBytes / Math.max(1, file.totalBytes)) * progressSteps, {
      files: `${file.done} of ${file.of}`,
      rows: countText(rows),
    })
  }
  const report = await withManager(
    { terminal: context.terminal, dataDir: given.dataDir, candles: keptCandles(given.candles) },
    (db) =>
      db
        .importFiles(pair, files, {
          ...libraryOptions(given),
          candles: given.candles,
          pairFromName: given.pairFromName,
          concurrency: given.jobs,
          again: given.again || given.reopen !== undefined,
          signal,
          onFile,
        })
        .catch(asUsage),
  ).finally(() => progress.stop())
  for (const [note, times] of notes) terminal.note(times === 1 ? note : `${note} (${times} files)`)
  for (const { file, status, error } of report.files)
    if (status === 'failed')
      terminal.note(`${file}: not imported: ${error!.code}: ${error!.message}`)
  const tookMs = Math.round(performance.now() - started)
  printAnswer(context, given, {
    json: { ...report, files: report.files.map(fileJson), tookMs },
    lines: () => [
      countsText(report),
      `${countedText(report.inserted, 'row')} stored in ${durationText(tookMs)}`,
    ],
  })
  if (report.failed > 0) context.exitCode = 1
  if (!report.stopped) return
  terminal.note(
    'pairduck: stopped; what is counted above is stored. Run the same command again: it goes on there.',
  )
  context.exitCode = exitInterrupted
}

/** What is said of a file, in words that fit others as well: then it is said once. */
function notesOf(file: ImportFilesProgress): readonly string[] {
  const kept = keepsForever(file)
  const notes = [...(file.report?.notes ?? []), ...(kept === undefined ? [] : [kept])]
  // A checksum file has the same name and more.
  return notes.map((note) =>
    note.replaceAll(file.file, 'a file').replaceAll(basename(file.file), '<its name>'),
  )
}

/** Said of a pair's first file. */
function keepsForever({ pair, report }: ImportFilesProgress): string | undefined {
  if (report === undefined || !('retention' in report) || report.retention !== 'forever')
    return undefined
  return keepsForeverNote(pair)
}

function fileJson({
  file,
  pair,
  status,
  report,
  error,
}: ImportFilesReport['files'][number]): object {
  return {
    file,
    pair,
    status,
    ...(report === undefined ? {} : { report }),
    ...(error === undefined ? {} : { error: { code: error.code, message: error.message } }),
  }
}

function countsText({ files: _files, ...counts }: ImportFilesReport): string {
  const found = Object.entries(counts).filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number' && entry[1] > 0,
  )
  const texts = found.map(([name, count]) =>
    name === 'imported' ? `${countedText(count, 'file')} imported` : `${countText(count)} ${name}`,
  )
  return texts.length === 0 ? 'nothing to import' : texts.join(', ')
}
