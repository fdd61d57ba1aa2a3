import { Argument } from 'commander'
import type { Command } from 'commander'
import { formatPair } from '../../pair.ts'
import { listPairs as listStored } from '../../storage/file/list-pairs.ts'
import { defaultDataDir, type AddCommand } from '../command.ts'
import { commandGroups } from '../command-list.ts'
import type { CliContext } from '../context.ts'

/** What each shell runs when somebody presses Tab: this program says what may come next. */
const scripts: Readonly<Record<string, string>> = {
  bash: `_pairduck() {
  local IFS=$'\\n'
  COMPREPLY=($(pairduck completion words -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _pairduck pairduck`,
  zsh: `_pairduck() {
  local -a found
  found=("\${(@f)$(pairduck completion words -- "\${words[@]:1:$((CURRENT - 1))}" 2>/dev/null)}")
  compadd -a found || _files
}
compdef _pairduck pairduck`,
  fish: `complete -c pairduck -f -a '(pairduck completion words -- (commandline -opc)[2..] (commandline -ct))'`,
}

export const addCompletionCommand: AddCommand = (program, context) => {
  program
    .command('completion')
    .addArgument(
      new Argument('<shell>', 'whose script to print').choices([...Object.keys(scripts), 'words']),
    )
    .argument('[words...]', 'what was typed, for `words`, which the scripts ask')
    .addHelpText(
      'after',
      '\nbash, zsh: source <(pairduck completion bash)\nfish: pairduck completion fish | source',
    )
    .action(async (shell: string, words: string[]) => {
      const lines = shell === 'words' ? await wordsAfter(context, words) : [scripts[shell]!]
      if (lines.length > 0) context.terminal.print(lines.join('\n'))
    })
}

/** What the last word may be. */
async function wordsAfter(context: CliContext, words: readonly string[]): Promise<string[]> {
  const [name, ...rest] = words
  const typed = words.at(-1) ?? ''
  const commands = Object.assign(
    {},
    ...Object.values(commandGroups),
  ) as (typeof commandGroups)[string]
  if (words.length < 2 || name === undefined) return fitting(Object.keys(commands), typed)
  const listed = commands[name]
  if (listed === undefined) return []
  const { Command } = await import('commander')
  const program = new Command()
  ;(await listed.load())(program, context)
  const command = program.commands[0]!
  return fitting(await candidates(command, rest), typed)
}

async function candidates(command: Command, words: readonly string[]): Promise<readonly string[]> {
  const [before, typed = ''] = [words.at(-2), words.at(-1)]
  const asked = command.options.find(({ long, short }) => [long, short].includes(before ?? ''))
  if (asked !== undefined && (asked.required || asked.optional)) return asked.argChoices ?? []
  if (typed.startsWith('-')) return command.options.map(({ long }) => long ?? '')
  const subcommands = command.commands.map((each) => each.name())
  const argument = command.registeredArguments[0]
  const takesPair = argument !== undefined && /^pairs?$/.test(argument.name())
  const at = words.indexOf('--data-dir')
  const dataDir =
    at === -1
      ? (process.env['PAIRDUCK_DATA_DIR'] ?? defaultDataDir)
      : (words[at + 1] ?? defaultDataDir)
  const pairs = takesPair ? await listStored(dataDir, () => undefined).catch(() => []) : []
  return [...subcommands, ...pairs.map((pair) => formatPair(pair))]
}

function fitting(words: readonly string[], typed: string): string[] {
  return words.filter((word) => word !== '' && word.startsWith(typed))
}
