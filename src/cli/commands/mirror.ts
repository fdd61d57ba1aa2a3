import { ValkeyMirror } from '../../mirror/valkey-mirror.ts'
import { durationArgument, positiveArgument } from '../arguments.ts'
import type { AddCommand } from '../command.ts'
import type { CliContext } from '../context.ts'
import { oneLine, UsageError } from '../failure.ts'
import {
  connectionOf,
  reachable,
  withMirrorOptions,
  withReader,
  type MirrorOptions,
} from '../mirror/connection.ts'
import { openDemo, type OpenedAccount } from '../mirror/demo-account.ts'
import { failureText, openExchange } from '../mirror/exchange-account.ts'
import { freshnessLine } from '../mirror/freshness.ts'
import { eventView, type EventView } from '../mirror/live-screen.ts'

interface MirrorCommandOptions extends MirrorOptions {
  readonly demo: boolean
  readonly symbols?: readonly string[]
  readonly sandbox: boolean
  readonly derivatives: boolean
  readonly reconcileEvery: number
  readonly seconds?: number
  readonly tickers: boolean
  readonly status: boolean
  readonly retainClosed?: number
  readonly retainFills?: number
}

const demoSymbols = ['BTC/USDT', 'ETH/USDT', 'SOL/USDT']

export const addMirrorCommand: AddCommand = (program, context) => {
  withMirrorOptions(program.command('mirror'))
    .argument('[exchange]', 'one that ccxt knows; its keys are taken from the environment')
    .option('--demo', 'a simulated account instead: orders appear, fill and go', false)
    .option('--symbols <list>', 'only these markets, separated by commas', symbolsArgument)
    .option('--sandbox', 'the exchange’s own test system', false)
    .option('--derivatives', 'also markets with a settlement part, such as BTC/USDT:USDT', false)
    .option(
      '--reconcile-every <seconds>',
      'compare everything every so many seconds',
      positiveArgument,
      60,
    )
    .option('--no-tickers', 'leave the prices of the mirrored markets out')
    .option(
      '--retain-closed <age>',
      'remove closed orders after this time, such as 7d',
      durationArgument,
    )
    .option(
      '--retain-fills <age>',
      'remove own trades after this time, such as 90d (default: as orders)',
      durationArgument,
    )
    .option('--status', 'show who writes the mirror there, and how fresh it is', false)
    .option('--seconds <number>', 'stop after so many seconds', positiveArgument)
    .action((exchange: string | undefined, options: MirrorCommandOptions) =>
      mirrorAccount(exchange, options, context),
    )
}

async function mirrorAccount(
  exchange: string | undefined,
  options: MirrorCommandOptions,
  context: CliContext,
): Promise<void> {
  if (options.status) return printStatus(options, context)
  const connection = await connectionOf(options)
  const { derivatives, retainClosed, retainFills } = options
  const settings = {
    ...connection,
    derivatives,
    ...(retainClosed !== undefined && { retainClosedMs: retainClosed }),
    ...(retainFills !== undefined && { retainFillsMs: retainFills }),
  }
  const account = await openAccount(exchange, options, context)
  try {
    const mirror = await reachable(() => ValkeyMirror.open(settings))
    try {
      await runAndShow(mirror, account, options, context)
    } finally {
      await mirror.close()
    }
  } finally {
    await account.close()
  }
}

async function printStatus(options: MirrorOptions, { terminal }: CliContext): Promise<void> {
  const status = await withReader(options, (reader) => reader.status())
  if (options.json) terminal.printJson(status)
  else terminal.print(freshnessLine(status))
}

async function openAccount(
  exchange: string | undefined,
  options: MirrorCommandOptions,
  { now }: CliContext,
): Promise<OpenedAccount> {
  const { demo, symbols, sandbox, tickers } = options
  if (demo === (exchange !== undefined))
    throw new UsageError('name an exchange to mirror, or --demo for a simulated one')
  return exchange === undefined
    ? openDemo(await connectionOf(options), { symbols: symbols ?? demoSymbols, now })
    : openExchange(exchange, { symbols, sandbox, tickers })
}

async function runAndShow(
  mirror: ValkeyMirror,
  { source }: OpenedAccount,
  { seconds, reconcileEvery, json }: MirrorCommandOptions,
  { terminal, signal: wish }: CliContext,
): Promise<void> {
  const ended = new AbortController()
  const signals = [wish, ended.signal]
  if (seconds !== undefined) signals.push(AbortSignal.timeout(seconds * 1_000))
  const signal = AbortSignal.any(signals)
  const view = eventView(`${source.name} → Valkey`, terminal, json)
  remarkOn(mirror, view)
  const reconcileEveryMs = Math.round(reconcileEvery * 1_000)
  try {
    await Promise.all([
      follow(mirror, view, signal),
      mirror.run(source, { signal, reconcileEveryMs, reopen: true }).finally(() => ended.abort()),
    ])
  } finally {
    view.end()
  }
}

async function follow(mirror: ValkeyMirror, view: EventView, signal: AbortSignal): Promise<void> {
  for await (const event of mirror.watch({ signal })) view.show(event)
}

/** What is not mirrored is said, once each: it comes again with every reconcile. */
function remarkOn(mirror: ValkeyMirror, view: EventView): void {
  const said = new Set<string>()
  const sayOnce = (error: unknown): void => {
    const text = oneLine(failureText(error))
    if (said.size < 1_000 && !said.has(text)) view.remark(text)
    said.add(text)
  }
  mirror.on('refused', sayOnce)
  mirror.on('error', sayOnce)
  mirror.on('rewritten', () =>
    view.remark(oneLine('the server had lost data: it was written again')),
  )
  mirror.on('reopened', () =>
    view.remark(oneLine('the server was away for longer than the lease: taken over again')),
  )
}

function symbolsArgument(text: string): string[] {
  return text
    .split(',')
    .map((symbol) => symbol.trim())
    .filter((symbol) => symbol !== '')
}
