import type { Command } from 'commander'
import { UsageError } from './failure.ts'

/**
 * The answers that a command has, by the flag that asks for each ('' for the one without a flag),
 * and which options only some of them take. Names are those of the parsed options.
 */
export type Modes = Readonly<Record<string, readonly string[]>>

/** Throws a UsageError about flags that exclude each other, and options that would say nothing. */
export function checkModes(command: Command, modes: Modes): void {
  const given = (name: string): boolean => command.getOptionValueSource(name) === 'cli'
  const flag = (name: string): string =>
    command.options.find((option) => option.attributeName() === name)?.long ?? `--${name}`
  const flags = Object.keys(modes).filter((name) => name !== '')
  const chosen = flags.filter(given)
  if (chosen.length > 1) throw new UsageError(`give one of ${listed(flags.map(flag), 'and')}`)
  const mode = chosen[0] ?? ''
  for (const name of new Set(Object.values(modes).flat())) {
    if (!given(name) || modes[mode]!.includes(name)) continue
    const homes = Object.keys(modes).filter((other) => modes[other]!.includes(name))
    throw new UsageError(
      homes.includes('')
        ? `${flag(name)} does not go with ${flag(mode)}`
        : `${flag(name)} goes with ${listed(homes.map(flag), 'or')}`,
    )
  }
}

function listed(texts: readonly string[], word: 'and' | 'or'): string {
  return texts.length < 2
    ? texts.join('')
    : `${texts.slice(0, -1).join(', ')} ${word} ${texts.at(-1)}`
}
