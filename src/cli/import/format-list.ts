import { importFormats } from '../../storage/import/formats/known-formats.ts'
import { presets } from '../../storage/import/presets.ts'
import { shapes } from '../../storage/import/shapes.ts'
import type { CommonOptions } from '../command.ts'
import type { CliContext } from '../context.ts'
import { printAnswer } from '../pair-command.ts'

/** What can be imported: formats, and the sources whose columns are recognised. */
export function printFormats(context: CliContext, options: CommonOptions): void {
  const formats = importFormats.map(({ name, kind, about }) => ({ name, kind, about }))
  const sources = [...presets, ...shapes].map((source) => ({
    name: source.name,
    kind: source.kind,
    about: source.about,
    columns:
      'needs' in source ? source.needs : source.columns.map(([field, kind]) => field || kind),
    header: 'needs' in source,
  }))
  printAnswer(context, options, {
    json: { formats, presets: sources },
    lines: () => [
      'Read, told by their first bytes:',
      ...formats
        .filter(({ kind }) => kind !== 'unread')
        .map(({ name, about }) => `  ${name.padEnd(16)} ${about}`),
      'Not read, but named with the way on:',
      `  ${formats
        .filter(({ kind }) => kind === 'unread')
        .map(({ name }) => name)
        .join(' ')}`,
      'Columns recognised by their header, beside our own names, Binance’s and ccxt’s:',
      ...sources.filter(({ header }) => header).map(line),
      'Files without a header, told by their values:',
      ...sources.filter(({ header }) => !header).map(line),
    ],
  })
}

function line({ name, kind, about }: { name: string; kind: string; about: string }): string {
  return `  ${name.padEnd(28)} ${kind.padEnd(8)} ${about}`
}
