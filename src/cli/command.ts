import { Option, type Command } from 'commander'
import { folderArgument, timeArgument } from './arguments.ts'
import type { CliContext } from './context.ts'
import { UsageError } from './failure.ts'
import { timeText } from './figures.ts'

/** Adds one command to the program; each file in commands/ exports one. */
export type AddCommand = (program: Command, context: CliContext) => void

export const defaultDataDir = 'data'

export interface CommonOptions {
  readonly dataDir: string
  readonly json: boolean
}

export interface WindowOptions {
  readonly from?: number
  readonly to?: number
  readonly asOf?: number
}

/** `--data-dir` and `--json`, which every command knows. */
export function withCommonOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--data-dir <folder>', 'where the pairs are kept')
        .default(defaultDataDir)
        .argParser(folderArgument)
        .env('PAIRDUCK_DATA_DIR'),
    )
    .option('--json', 'one JSON document on stdout, for programs', false)
}

/** `--from` and `--to`, without them everything stored; and the moment of what was known. */
export function withWindowOptions(command: Command): Command {
  return command
    .option('--from <time>', 'first moment to look at (ISO 8601 or Unix ms)', timeArgument)
    .option('--to <time>', 'first moment after it', timeArgument)
    .option('--as-of <time>', 'as it was known then', timeArgument)
}

/** The window of a query: `{}` for everything stored. Throws UsageError for one that ends before it begins. */
export function windowOf({ from, to, asOf }: WindowOptions): WindowOptions {
  if (from !== undefined && to !== undefined && from > to)
    throw new UsageError(
      `--from ${timeText(from)} is after --to ${timeText(to)}: give the earlier time as --from`,
    )
  return {
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(asOf === undefined ? {} : { asOf }),
  }
}
