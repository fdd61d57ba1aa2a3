import { Command } from 'commander'
import { PairduckError } from '../errors.ts'
import type { Query } from '../queries/query.ts'
import { pairArgument } from './arguments.ts'
import { withCommonOptions, type CommonOptions } from './command.ts'
import type { CliContext } from './context.ts'
import { checkModes, type Modes } from './modes.ts'
import { archiveFlag, requireStoredIn, withManager, type Manager } from './manager.ts'
import type { Terminal } from './terminal.ts'

/** What a command found out: for programs, and as lines for people. */
export interface Answer {
  /** An array for lists, an object otherwise. */
  readonly json: unknown
  readonly lines: () => readonly string[]
}

/** One stored pair, as a command that reads sees it. */
export interface PairView {
  readonly pair: string
  readonly db: Manager
  readonly query: <Row>(query: Query<Row>) => Promise<Row[]>
  readonly terminal: Terminal
}

export interface PairCommand<Options> {
  readonly name: string
  readonly configure?: (command: Command) => Command
  readonly modes?: Modes
  readonly answer: (view: PairView, options: Options, rest: readonly string[]) => Promise<Answer>
  /** Goes on after the pair was let go, instead of printing the answer; undefined: prints it. */
  readonly goOn?: (
    answer: Answer,
    options: CommonOptions & Options,
    pair: string,
  ) => Promise<void> | undefined
}

interface HistoryOptions {
  readonly history: boolean
  readonly archive?: string
}

/** Adds `pairduck <name> <pair>`: a command that reads one stored pair and prints an answer. */
export function addPairCommand<Options>(
  program: Command,
  context: CliContext,
  { name, configure = (command) => command, modes, answer, goOn }: PairCommand<Options>,
): void {
  const command = program.command(name).argument('<pair>', 'exchange/market/symbol', pairArgument)
  command.addOption(archiveFlag()).option('--history', 'read the archive too', false)
  configure(withCommonOptions(command)).action(async () => {
    const [pair, ...rest] = command.processedArgs as [string, ...string[]]
    const options = command.opts<CommonOptions & HistoryOptions & Options>()
    const { dataDir, history, archive } = options
    if (modes !== undefined) checkModes(command, modes)
    await requireStoredIn(dataDir, pair)
    const opened = { dataDir, ...(archive !== undefined && { archive }) }
    const answered = await withManager({ ...opened, terminal: context.terminal }, async (db) => {
      const query = <Row>(value: Query<Row>): Promise<Row[]> =>
        db.query(pair, value, { signal: context.signal, history }).catch((error: unknown) => {
          throw withSourceFlag(error, command)
        })
      const view = { pair, db, query, terminal: context.terminal }
      return answer(view, options, rest)
    })
    // Only now, so that a slow reader of the output keeps the pair from nobody.
    const going = goOn?.(answered, options, pair)
    if (going === undefined) printAnswer(context, options, answered)
    else await going
  })
}

/** An error about candles that are not kept, with the option that helps by its name here. */
function withSourceFlag(error: unknown, command: Command): unknown {
  if (!PairduckError.is(error) || error.details['keptCandles'] === undefined) return error
  if (command.options.every((option) => option.attributeName() !== 'source')) return error
  const message = error.message.replace("`source: 'ticks'`", '--source ticks')
  return new PairduckError(error.code, message, { ...error.details, cause: error.cause })
}

export function printAnswer(
  { terminal }: CliContext,
  { json }: { readonly json: boolean },
  answer: Answer,
): void {
  if (json) terminal.printJson(answer.json)
  else terminal.print(answer.lines().join('\n'))
}

/** The only row of a query that always gives one. */
export async function onlyRow<Row>(rows: Promise<readonly Row[]>): Promise<Row> {
  const [row] = await rows
  if (row === undefined) throw new PairduckError('QUERY_FAILED', 'the query gave no row')
  return row
}
