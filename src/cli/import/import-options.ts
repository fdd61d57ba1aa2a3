import { InvalidArgumentError, Option, type Command } from 'commander'
import type { ImportOptions } from '../../storage/import/import-options.ts'
import type { Timeframe } from '../../time.ts'
import { choiceOption, timeArgument, timeframeArgument } from '../arguments.ts'
import type { CommonOptions } from '../command.ts'

export type ColumnMap = Readonly<Record<string, string>>

export interface ImportCommandOptions extends CommonOptions {
  readonly columns?: ColumnMap
  readonly timeUnit: 'guess' | 's' | 'ms' | 'us' | 'ns' | 'iso'
  readonly format: 'guess' | 'csv' | 'jsonl' | 'json' | 'parquet'
  readonly timeFormat?: string
  readonly decimal?: '.' | ','
  readonly side?: { readonly buy: string; readonly sell: string }
  readonly sideOf: 'taker' | 'maker'
  readonly sideRule?: 'tick' | 'sign'
  readonly where?: ColumnMap
  readonly pairFrom?: string
  readonly member?: string
  readonly idScope: 'second' | 'price' | 'none'
  readonly idSpace?: string
  readonly makeIds: boolean
  readonly ids: boolean
  readonly skipInvalid: boolean
  readonly maxInvalid?: number
  readonly candles?: Timeframe
  readonly pairFromName?: string
  readonly again: boolean
  readonly reopen?: number | 'all'
  readonly jobs?: number
  readonly formats: boolean
}

/** What `import` is called with. */
export function addImportOptions(command: Command): Command {
  command
    .argument('[pair]', 'exchange/market/symbol; exchange/market with --pair-from-name')
    .argument('[files...]', 'files, folders, patterns (data/*.zip), or - for standard input')
    .option(
      '--columns <field=column,…>',
      'the file’s names for timestamp price volume side (or buyerIsMaker) tradeId',
      columnsArgument,
    )
    .addOption(
      choiceOption('--time-unit <unit>', 'of the times', ['guess', 's', 'ms', 'us', 'ns', 'iso']),
    )
    .addOption(
      choiceOption('--format <format>', 'of the file', [
        'guess',
        'csv',
        'jsonl',
        'json',
        'parquet',
      ]),
    )
    .option(
      '--time-format <format>',
      'how times are written: dd/MM/yyyy HH:mm:ss (date-fns tokens)',
    )
    .addOption(
      new Option(
        '--decimal <mark>',
        'decimal mark of prices and sizes, "," or "."; the other one may then separate thousands',
      ).choices([',', '.']),
    )
    .option('--side <words>', 'the file’s words for the sides: "buy=b,sell=s"', sideArgument)
    .addOption(choiceOption('--side-of <who>', 'whose side the file gives', ['taker', 'maker']))
    .addOption(
      new Option(
        '--side-rule <rule>',
        'infers sides that the file lacks: from the prices (tick), or from the sign of the size',
      ).choices(['tick', 'sign']),
    )
    .option('--where <column=value>', 'only such rows; may be repeated', whereArgument)
    .option('--pair-from <column>', 'the column whose value becomes the pair’s symbol')
    .option('--member <name>', 'which files of an archive; * stands for anything')
    .option('--skip-invalid', 'leave out rows that cannot be stored, count them, and go on', false)
    .option('--max-invalid <percent>', 'most that --skip-invalid leaves out (1%)', percentArgument)
    .option(
      '--pair-from-name <template>',
      'reads the pair out of each file’s name: {symbol}-trades-{date}',
    )
    .option('--again', 'import files again that were imported before', false)
    .option(
      '--reopen <time>',
      'take in again what retention deleted, from this time on, or all',
      reopenArgument,
    )
    .option('--jobs <count>', 'pairs imported at once', countArgument)
    .option('--formats', 'list what can be imported, and stop', false)
    .option('--candles <length>', 'the file holds candles of this length', timeframeArgument)
  return addIdOptions(command)
}

/** What ids tell, and what is done without them. */
function addIdOptions(command: Command): Command {
  return command
    .addOption(
      choiceOption(
        '--id-scope <scope>',
        'trades with one id are one trade: within a second, only at one price too, or never',
        ['second', 'price', 'none'],
      ),
    )
    .option('--id-space <name>', 'which of the exchange’s ids these are; a pair holds one kind')
    .option(
      '--make-ids',
      'make ids for trades without one, so that importing again adds only what is missing',
      false,
    )
    .option('--no-ids', 'store trades without ids although they may be stored already')
}

/** The same in the library's terms. */
export function libraryOptions(given: ImportCommandOptions): ImportOptions<ColumnMap> {
  const { timeUnit, format } = given
  return {
    columns: given.columns,
    timeUnit: timeUnit === 'guess' ? undefined : timeUnit,
    timeFormat: given.timeFormat,
    decimal: given.decimal,
    format: format === 'guess' ? undefined : format,
    side: given.side,
    sideOf: given.sideOf,
    sideRule: given.sideRule,
    where: given.where,
    pairFrom: given.pairFrom,
    member: given.member,
    idScope: given.idScope,
    idSpace: given.idSpace,
    makeIds: given.makeIds,
    noIds: !given.ids,
    skipInvalid: given.skipInvalid,
    maxInvalidShare: given.maxInvalid,
  }
}

/** A time, or `all`: whatever was deleted. */
function reopenArgument(text: string): number | 'all' {
  return text === 'all' ? text : timeArgument(text)
}

function columnsArgument(text: string): ColumnMap {
  const entries = text.split(',').map((part) => part.split('=').map((name) => name.trim()))
  if (entries.some((entry) => entry.length !== 2 || entry.includes('')))
    throw new InvalidArgumentError('Expected field=column pairs, such as price=px,volume=qty.')
  const twice = entries.find(([field], at) => entries.findIndex(([each]) => each === field) < at)
  if (twice !== undefined) throw new InvalidArgumentError(`\`${twice[0]}\` is named twice.`)
  return Object.fromEntries(entries) as ColumnMap
}

/** `column=value`; a value may hold anything. */
function whereArgument(text: string, before: ColumnMap = {}): ColumnMap {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('Expected column=value, such as symbol=BTCUSDT.')
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) }
}

function sideArgument(text: string): { buy: string; sell: string } {
  const { buy, sell, ...more } = columnsArgument(text)
  if (buy === undefined || sell === undefined || Object.keys(more).length > 0)
    throw new InvalidArgumentError('Expected buy=…,sell=…, several words parted by |.')
  return { buy, sell }
}

/** A share from 0 to 1, given as `5` or `5%`. */
function percentArgument(text: string): number {
  const percent = Number(text.replace(/%$/, ''))
  if (text.trim() === '' || !(percent >= 0 && percent <= 100))
    throw new InvalidArgumentError('Expected a percentage from 0 to 100.')
  return percent / 100
}

/** What new pairs keep, the bars of the file among them. */
export function keptCandles(candles: Timeframe | undefined): readonly Timeframe[] {
  return [...new Set<Timeframe>(['1m', '5m', '15m', ...(candles === undefined ? [] : [candles])])]
}

function countArgument(text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1 || count > 64)
    throw new InvalidArgumentError('Expected a whole number from 1 to 64.')
  return count
}

export function keepsForeverNote(pair: string): string {
  return `${pair} is new and its rows are older than the default retention keeps: the pair now keeps everything for ever`
}
