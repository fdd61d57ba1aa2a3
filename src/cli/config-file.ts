import { readFile } from 'node:fs/promises'
import type { Command, Option } from 'commander'
import { InvalidArgumentError } from 'commander'
import { unknownName } from '../options.ts'
import { UsageError } from './failure.ts'

/** The file of the folder in which a command is run, unless PAIRDUCK_CONFIG names another one. */
export const configFile = 'pairduck.json'

type Settings = Readonly<Record<string, unknown>>

/**
 * Defaults of a command's options from the configuration file: `dataDir` for all, and under a
 * command's name its own, by the names that they have in JavaScript. What is given on the command
 * line or in the environment goes before. Throws UsageError for what does not fit.
 */
export async function applyConfig(
  command: Command,
  known: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<void> {
  const named = environment['PAIRDUCK_CONFIG']
  const file = named ?? configFile
  const config = await readConfig(file, named !== undefined)
  if (config === undefined) return
  for (const name of Object.keys(config))
    if (name !== 'dataDir' && !known.includes(name))
      throw new UsageError(`${file}: ${unknownName('setting', name, ['dataDir', ...known])}`)
  const own = config[command.name()] ?? {}
  if (!isObject(own)) throw new UsageError(`${file}: \`${command.name()}\` is no object of options`)
  const { dataDir } = config
  // A demo makes a folder of its own; what it invents does not belong among real data.
  const shared = dataDir === undefined || command.name() === 'demo' ? {} : { dataDir }
  for (const [name, value] of Object.entries({ ...shared, ...own })) {
    const option = command.options.find((each) => each.attributeName() === name)
    if (option !== undefined)
      command.setOptionValueWithSource(
        name,
        parsed(option, value, `${file}: \`${name}\``),
        'config',
      )
    else if (Object.hasOwn(own, name))
      throw new UsageError(
        `${file}: ${unknownName(
          `option of ${command.name()}`,
          name,
          command.options.map((each) => each.attributeName()),
        )}`,
      )
  }
}

async function readConfig(file: string, isNamed: boolean): Promise<Settings | undefined> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if (!isNamed && (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    const config: unknown = JSON.parse(text)
    if (isObject(config)) return config
  } catch (error) {
    throw new UsageError(`${file} is no JSON: ${(error as Error).message}`, { cause: error })
  }
  throw new UsageError(`${file} is no JSON object`)
}

function isObject(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A value as the option itself reads it from a command line. */
function parsed(option: Option, value: unknown, place: string): unknown {
  const isFlag = !option.required && !option.optional
  if (isFlag) {
    if (typeof value === 'boolean') return value
    throw new UsageError(`${place}: expected true or false`)
  }
  const parts = option.variadic && Array.isArray(value) ? (value as unknown[]) : [value]
  let result: unknown
  for (const part of parts) {
    if (typeof part !== 'string' && typeof part !== 'number')
      throw new UsageError(`${place}: expected text or a number`)
    const text = String(part)
    if (option.argChoices !== undefined && !option.argChoices.includes(text))
      throw new UsageError(`${place}: expected one of ${option.argChoices.join(', ')}`)
    result = parseOne(option, text, { place, before: result })
  }
  return result
}

function parseOne(
  option: Option,
  text: string,
  { place, before }: { readonly place: string; readonly before: unknown },
): unknown {
  try {
    if (option.parseArg !== undefined) return option.parseArg(text, before)
  } catch (error) {
    if (error instanceof InvalidArgumentError)
      throw new UsageError(`${place}: ${error.message}`, { cause: error })
    throw error
  }
  return option.variadic ? [...((before as unknown[] | undefined) ?? []), text] : text
}
