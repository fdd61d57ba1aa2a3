import { mapColumns } from './column-map.ts'
import { fileIdSpace } from './file-id-space.ts'
import { PairduckError, visible } from '../../errors.ts'
import { packedNumber } from '../duckdb/packed-ids.ts'
import type { ResolvedImportOptions } from './import-options.ts'
import type { ImportSource, Selection } from './import-source.ts'
import { numberReader, type NumberReader } from './number-reader.ts'
import { makerExpression, sideExpression } from './side-reader.ts'
import { timeReader, type TimeReader } from './time-reader.ts'
import { tradeIdExpression } from './trade-id.ts'

/** How a file's rows become trades. */
export interface TickPlan {
  /** Our field → the file's column, for messages. */
  readonly columns: Readonly<Record<string, string>>
  readonly time: TimeReader
  readonly selection: Selection
  readonly sideRule: 'tick' | 'sign' | undefined
  readonly hasIds: boolean
  /** Which of the exchange's ids the file has, where that can be told. */
  readonly idSpace: string | undefined
}

/** Decides from names, first values and the caller's word; `note` hears what was inferred. */
export function planTicks(
  source: ImportSource,
  options: ResolvedImportOptions,
  note: (text: string) => void,
): TickPlan {
  const present = source.columns.map(({ name }) => name)
  const samples = (column: string): readonly string[] => source.samples(column)
  const wanted = options.sideRule ?? signed(present, source, options, note)
  const { columns, preset } = mapColumns(source.file, {
    kind: 'trades',
    present,
    samples,
    given: options.columns ?? {},
    needed: [
      'timestamp',
      'price',
      'volume',
      ...(wanted === undefined ? ['side|buyerIsMaker'] : []),
    ],
  })
  const sideRule = options.sideRule ?? (hasSide(columns) ? undefined : wanted)
  const time = timeReader(
    { unit: options.timeUnit, format: options.timeFormat },
    samples(columns['timestamp']!),
  )
  refuseFloatTimes(source, columns['timestamp']!)
  const hasIds = columns['tradeId'] !== undefined && options.idScope !== 'none'
  const side = {
    words: options.side ?? preset?.side,
    samples: samples(columns['side'] ?? ''),
    makerSamples: samples(columns['buyerIsMaker'] ?? ''),
    ofMaker: options.sideOf === 'maker',
  }
  const number = numberReader(options.decimal)
  const sideExpressionOf = (named: Naming): string =>
    sideText(named, { columns, number, sideRule, side })
  const selection = tickSelection(columns, {
    time,
    number,
    sideRule,
    side: sideExpressionOf,
    idScope: hasIds ? options.idScope : 'none',
    isPlainId: source.text !== undefined && arePlain(samples(columns['tradeId'] ?? '')),
  })
  const idColumn = hasIds ? columns['tradeId'] : undefined
  const idSpace = options.idSpace ?? fileIdSpace({ present, samples, idColumn })
  return { columns, time, selection, sideRule, hasIds, idSpace }
}

type Naming = Parameters<Selection['expressions']>[0]

function tickSelection(
  columns: Readonly<Record<string, string>>,
  of: {
    time: TimeReader
    number: NumberReader
    sideRule: TickPlan['sideRule']
    side: (named: Naming) => string
    idScope: ResolvedImportOptions['idScope']
    isPlainId: boolean
  },
): Selection {
  return {
    plainIds:
      of.isPlainId && of.idScope === 'second' ? { at: 4, column: columns['tradeId']! } : undefined,
    types: {
      [columns['timestamp']!]: of.time.type,
      [columns['price']!]: of.number.type,
      [columns['volume']!]: of.number.type,
    },
    expressions: (named) => {
      const price = of.number.expression(named(columns['price']!))
      const volume = of.number.expression(named(columns['volume']!))
      const id =
        of.idScope === 'none' ? 'NULL::VARCHAR' : tradeIdExpression(named(columns['tradeId']!))
      return [
        of.time.expression(named(columns['timestamp']!)),
        price,
        of.sideRule === 'sign' ? `abs(${volume})` : volume,
        `(${of.side(named)})::ENUM('BUY', 'SELL')`,
        of.idScope === 'price' ? `nullif(${id}, '') || '@' || ${price}` : id,
      ]
    },
  }
}

function arePlain(ids: readonly string[]): boolean {
  return ids.length > 0 && ids.every((id) => packedNumber(id) >= 0)
}

function sideText(
  named: Naming,
  of: {
    columns: Readonly<Record<string, string>>
    number: NumberReader
    sideRule: TickPlan['sideRule']
    side: Parameters<typeof sideExpression>[1] & { makerSamples: readonly string[] }
  },
): string {
  const { columns, sideRule } = of
  if (sideRule === 'tick') return 'NULL'
  if (sideRule === 'sign') {
    const volume = of.number.expression(named(columns['volume']!))
    return `CASE WHEN ${volume} < 0 THEN 'SELL' WHEN ${volume} > 0 THEN 'BUY' END`
  }
  if (columns['side'] === undefined)
    return makerExpression(named(columns['buyerIsMaker']!), of.side.makerSamples)
  return sideExpression(named(columns['side']), of.side)
}

function hasSide(columns: Readonly<Record<string, string>>): boolean {
  return columns['side'] !== undefined || columns['buyerIsMaker'] !== undefined
}

/** Sizes below zero beside no column of sides: sold ones, as Bitfinex writes them. */
function signed(
  present: readonly string[],
  source: ImportSource,
  options: ResolvedImportOptions,
  note: (text: string) => void,
): 'sign' | undefined {
  const { columns } = mapColumns(source.file, {
    kind: 'trades',
    present,
    samples: (column) => source.samples(column),
    given: options.columns ?? {},
    needed: [],
  })
  const volume = columns['volume']
  if (hasSide(columns) || volume === undefined) return undefined
  if (!source.samples(volume).some((value) => Number(value) < 0)) return undefined
  note(`no column for the side: sizes below zero in \`${visible(volume)}\` were read as sold`)
  return 'sign'
}

export function refuseFloatTimes(source: ImportSource, column: string): void {
  const type = source.columns.find(({ name }) => name === column)?.type
  if (type !== 'FLOAT') return
  throw new PairduckError(
    'IMPORT_FAILED',
    `${visible(source.file)}: column \`${visible(column)}\` holds times as 32-bit floating point numbers, which are minutes apart: write the file anew with whole numbers or timestamps; nothing of it is stored`,
    { file: source.file, column },
  )
}
