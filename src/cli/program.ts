import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { commandGroups } from './command-list.ts'
import { applyConfig } from './config-file.ts'
import type { CliContext } from './context.ts'
import { argumentsFault } from './arguments-fault.ts'
import { oneLine } from './failure.ts'

/** The command line, ready to parse these arguments; nothing in it exits the process. */
export async function makeProgram(context: CliContext, args: readonly string[]): Promise<Command> {
  const named = commandNamed(args)
  const program = new Command('pairduck')
    .description('Market data in one DuckDB file per trading pair, with order-flow analytics.')
    .version(packageVersion())
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureHelp({
      helpWidth: context.terminal.columns,
      subcommandTerm: (command) => `${command.name()} ${command.usage()}`,
    })
    .configureOutput({
      writeOut: (text) => context.terminal.print(text),
      writeErr: (text) => context.terminal.note(text.trimEnd()),
      outputError: (text, write) =>
        write(oneLine(argumentsFault(text, usageOf(named), args) ?? text.replace(/^error: /, ''))),
    })
    .addHelpText(
      'after',
      '\nA pair is exchange/market/symbol, for example binance/spot/BTCUSDT.\nTimes are UTC: ISO 8601 or Unix milliseconds.',
    )
  const allNames = Object.values(commandGroups).flatMap((group) => Object.keys(group))
  for (const [heading, commands] of Object.entries(commandGroups)) {
    program.commandsGroup(heading)
    for (const [name, { usage, description, load }] of Object.entries(commands)) {
      // The others are listed in the help and as suggestions; they need not be loaded for that.
      if (name === named) {
        ;(await load())(program, context)
        await applyConfig(program.commands.at(-1)!, allNames)
      } else program.command(name).usage(usage)
      program.commands.at(-1)?.description(description)
    }
  }
  return program
}

/** The command that is run, or that `help` is asked about. */
function commandNamed(args: readonly string[]): string | undefined {
  const [first, second] = args.filter((arg) => !arg.startsWith('-'))
  return first === 'help' ? second : first
}

function usageOf(name: string | undefined): string | undefined {
  const commands = Object.assign({}, ...Object.values(commandGroups)) as Partial<
    Record<string, { readonly usage: string }>
  >
  const usage = name === undefined ? undefined : commands[name]?.usage
  return usage === undefined ? undefined : `${name} ${usage}`
}

function packageVersion(): string {
  const file = new URL('../../package.json', import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
