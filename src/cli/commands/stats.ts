import { PairduckError } from '../../errors.ts'
import { formatPair, parsePair, type Pair } from '../../pair.ts'
import { query } from '../../queries/query.ts'
import { closedState, isAtRest } from '../../storage/file/closed-state.ts'
import { listPairs as listStored } from '../../storage/file/list-pairs.ts'
import { pairFiles } from '../../storage/file/pair-files.ts'
import { blockSizeOf } from '../../storage/recovery/database-header.ts'
import { pairArgument } from '../arguments.ts'
import { withCommonOptions, type AddCommand, type CommonOptions } from '../command.ts'
import type { CliContext } from '../context.ts'
import { blockText, bytesText, countText, timeText } from '../figures.ts'
import {
  chosenPairs,
  isThere,
  noneStored,
  pairBytes,
  withManager,
  type Manager,
} from '../manager.ts'
import { printAnswer } from '../pair-command.ts'
import { textTable } from '../text-table.ts'

/** What one table or candle view of a pair holds. */
interface RelationStats {
  readonly relation: string
  readonly rows: number
  readonly oldest: number | null
  readonly newest: number | null
}

interface PairStats {
  readonly pair: string
  readonly bytes: number
  /** Bytes of a block of the file; null where the file does not tell. */
  readonly blockSize: number | null
  readonly relations: readonly RelationStats[]
  /** How long this pair's own rules keep a table: ms, or 'forever'; other tables as by default. */
  readonly retention: Readonly<Record<string, number | 'forever'>> | null
  /** Why the pair could not be opened; null when all is well. */
  readonly error: { readonly code: string; readonly message: string } | null
}

export const addStatsCommand: AddCommand = (program, context) => {
  withCommonOptions(program.command('stats'))
    .argument('[pairs...]', 'exchange/market/symbol (default: all)')
    .action(async (given: string[], options: CommonOptions) => {
      const { dataDir } = options
      const wanted = given.map((text) => pairArgument(text))
      if (!(await isThere(dataDir))) noneStored(wanted, dataDir)
      const known = await statsAtRest(dataDir, wanted)
      const stats = known.isAll
        ? [...known.stats.values()]
        : await withManager({ dataDir, terminal: context.terminal }, async (db) => {
            const found: PairStats[] = []
            for (const pair of await chosenPairs(db, wanted, context))
              found.push(known.stats.get(formatPair(pair)) ?? (await statsOf(db, pair, context)))
            return found
          })
      printAnswer(context, options, { json: stats, lines: () => statsLines(context, stats) })
      if (stats.some(({ error }) => error !== null && error.code !== 'PAIR_LOCKED'))
        context.exitCode = 1
    })
}

interface Rule {
  readonly relation: string
  readonly keepMs: number | null
}

const rulesQuery = query<Rule>(
  'retentionRules',
  `SELECT relation AS "relation", keep_ms AS "keepMs" FROM retention_rules ORDER BY relation`,
)

function keptBy(rules: readonly Rule[]): Record<string, number | 'forever'> {
  return Object.fromEntries(rules.map(({ relation, keepMs }) => [relation, keepMs ?? 'forever']))
}

/**
 * What the state files tell while nobody works with the data directory: an engine would open each
 * pair, fold its candles and close it again. `isAll`: it is all that was asked for.
 */
async function statsAtRest(
  dataDir: string,
  wanted: readonly string[],
): Promise<{ stats: ReadonlyMap<string, PairStats>; isAll: boolean }> {
  const stats = new Map<string, PairStats>()
  if (!(await isAtRest(dataDir))) return { stats, isAll: false }
  let isAll = true
  const pairs =
    wanted.length > 0
      ? wanted.map((text) => parsePair(text))
      : await listStored(dataDir, () => {
          isAll = false
        })
  for (const pair of pairs) {
    const files = pairFiles(dataDir, pair)
    const state = await closedState(files)
    if (state === undefined) isAll = false
    else
      stats.set(formatPair(pair), {
        pair: formatPair(pair),
        bytes: await pairBytes(dataDir, pair),
        blockSize: (await blockSizeOf(files.database)) ?? null,
        relations: Object.entries(state.relations)
          .map(([relation, { rows, oldest, newest }]) => ({ relation, rows, oldest, newest }))
          .toSorted((a, b) => (a.relation < b.relation ? -1 : 1)),
        retention: Object.fromEntries(
          Object.entries(state.retention).map(([relation, { keepMs }]) => [relation, keepMs]),
        ),
        error: null,
      })
  }
  return { stats, isAll }
}

/** A pair that another process holds is told, not a reason to stop. */
async function statsOf(db: Manager, pair: Pair, { signal }: CliContext): Promise<PairStats> {
  const name = formatPair(pair)
  const bytes = await pairBytes(db.dataDir, pair)
  const blockSize = await blockSizeIn(db, pair)
  try {
    const relations = await db.query(
      pair,
      query<{ name: string }>(
        'relations',
        `SELECT table_name AS "name" FROM information_schema.columns
        WHERE column_name = 'timestamp' AND table_name NOT LIKE 'pairduck_%'
          AND table_catalog = current_database()
        ORDER BY table_name`,
      ),
      { signal },
    )
    const counts = relations.map(
      (relation) =>
        `SELECT '${relation.name}' AS "relation", count(*) AS "rows", min(timestamp) AS "oldest",
          max(timestamp) AS "newest" FROM ${relation.name}`,
    )
    const rows = await db.query(
      pair,
      query<RelationStats>('stats', `${counts.join(' UNION ALL ')} ORDER BY 1`),
      { signal },
    )
    const rules = await db.query(pair, rulesQuery, { signal })
    return { pair: name, bytes, blockSize, relations: rows, retention: keptBy(rules), error: null }
  } catch (error) {
    if (!PairduckError.is(error) || error.code === 'ABORTED') throw error
    return {
      pair: name,
      bytes,
      blockSize,
      relations: [],
      retention: null,
      error: { code: error.code, message: error.message },
    }
  }
}

const blockSizeQuery = query<{ blockSize: number }>(
  'blockSize',
  `SELECT block_size AS "blockSize" FROM pragma_database_size()
   WHERE database_name = current_database()`,
)

/** Not from a file that is open here: whoever closes it a second time ends its lock. */
async function blockSizeIn(db: Manager, pair: Pair): Promise<number | null> {
  if (db.pool.isOpen(formatPair(pair)))
    return db.query(pair, blockSizeQuery).then(
      ([row]) => row?.blockSize ?? null,
      () => null,
    )
  return (await blockSizeOf(pairFiles(db.dataDir, pair).database)) ?? null
}

function statsLines({ terminal }: CliContext, stats: readonly PairStats[]): string[] {
  const { tableColumns, ink } = terminal
  if (stats.length === 0) return ['no pairs stored']
  return stats.flatMap(({ pair, bytes, blockSize, relations, retention, error }, index) => {
    const blocks = blockSize === null ? '' : ` in blocks of ${blockText(blockSize)}`
    const title = `${ink.strong(pair)} ${ink.faint(`${bytesText(bytes)}${blocks}`)}`
    const filled = relations.filter(({ rows }) => rows > 0)
    const body =
      error !== null
        ? [`${error.code}: ${error.message}`]
        : filled.length === 0
          ? ['empty']
          : [
              textTable(
                filled,
                [
                  { title: 'table', cell: ({ relation }) => relation, align: 'left' },
                  { title: 'rows', cell: ({ rows }) => countText(rows) },
                  { title: 'oldest (UTC)', cell: ({ oldest }) => timeText(oldest), align: 'left' },
                  { title: 'newest (UTC)', cell: ({ newest }) => timeText(newest), align: 'left' },
                ],
                { columns: tableColumns, ink },
              ),
            ]
    return [...(index > 0 ? [''] : []), title, ...body, ...retentionLines(retention)]
  })
}

/** What is kept otherwise than by default. */
function retentionLines(retention: PairStats['retention']): string[] {
  const rules = Object.entries(retention ?? {})
  if (rules.length === 0) return []
  const forever = rules.filter(([, keepMs]) => keepMs === 'forever').map(([relation]) => relation)
  const limited = rules.flatMap(([relation, keepMs]) =>
    keepMs === 'forever' ? [] : [`${relation} ${ageText(keepMs)}`],
  )
  const words = forever.length === 0 ? [] : [`for ever ${forever.join(' ')}`]
  return [`kept by this pair's own rules: ${[...words, ...limited].join(', ')}`]
}

function ageText(ms: number): string {
  const [unit, size] = units.find(([, each]) => ms % each === 0) ?? (['ms', 1] as const)
  return `${countText(ms / size)}${unit}`
}

const units: readonly (readonly [unit: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
]
