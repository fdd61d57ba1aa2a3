import { InvalidArgumentError, type Command } from 'commander'
import { backupForm } from '../../valkey/local/backup.ts'
import { installedClients } from '../../valkey/local/server-clients.ts'
import { isVersionText } from '../../valkey/local/server-version.ts'
import { LocalValkey, type LocalValkeyStatus } from '../../valkey/local/local-valkey.ts'
import { countArgument } from '../arguments.ts'
import { withCommonOptions, type AddCommand, type CommonOptions } from '../command.ts'
import type { CliContext } from '../context.ts'
import { checkedUsage } from '../failure.ts'
import { countText, durationText } from '../figures.ts'
import { localValkeyDir } from '../mirror/connection.ts'

type Arguments = readonly string[]
type Act<Options> = (local: LocalValkey, options: Options, given: Arguments) => Promise<Answer>

/** What a command found or did: for programs, and for people. */
interface Answer {
  readonly json: unknown
  readonly text: string
}

/**
 * `pairduck valkey …`: a Valkey server of this machine for development, its files in
 * `<dataDir>/.pairduck/valkey`.
 */
export const addValkeyCommand: AddCommand = (program, context) => {
  const valkey = program.command('valkey')
  const add = adder(valkey, context)
  add<{ port?: number }>(
    'start',
    'Start it, on the next free port when the wanted one is busy.',
    async (local, { port }) => answered(await local.start(port === undefined ? {} : { port })),
  )
    .option(
      '--port <number>',
      'the port to try first (default: its last one, or 6379)',
      portArgument,
    )
    .option('--server-version <version>', '8 is the newest 8.x that is found', versionArgument)
  add('stop', 'Let it save, and stop it.', async (local) => {
    const stopped = await local.stop()
    return { json: { stopped }, text: stopped ? 'stopped' : 'it was not running' }
  })
  add('status', 'Whether it runs, and where.', async (local) => answered(await local.status()))
  add<{ lines: number }>('logs', 'The end of its log.', async (local, { lines }) => {
    const log = await local.logs({ lines })
    return { json: log, text: log.length === 0 ? 'no log yet' : log.join('\n') }
  }).option('--lines <count>', 'how many lines', countArgument, 50)
  add('backup', 'Write all its data to a file.', async (local, _options, [file = '']) => {
    checkedUsage(() => backupForm(file))
    await local.backup(file)
    return { json: { file }, text: `saved to ${file}` }
  }).argument('<file>', backupForms)
  add('restore', 'Replace all its data by a backup.', async (local, _options, [file = '']) => {
    checkedUsage(() => backupForm(file))
    const keys = await local.restore(file)
    return { json: { file, keys }, text: `restored ${countText(keys)} keys from ${file}` }
  }).argument('<file>', backupForms)
}

const backupForms = 'ending in .rdb (its own form) or .valkey (readable commands)'

function adder(valkey: Command, context: CliContext) {
  return <Options = object>(name: string, description: string, act: Act<Options>): Command => {
    const command = withCommonOptions(valkey.command(name).description(description))
    // Commander gives the arguments, then the options, then the command itself.
    return command.action(async (...given: unknown[]) => {
      const options = given.at(-2) as CommonOptions & Options
      const { terminal } = context
      const answer = await act(
        localServer(options, context),
        options,
        given.slice(0, -2) as string[],
      )
      if (options.json) terminal.printJson(answer.json)
      else terminal.print(answer.text)
    })
  }
}

function localServer(
  { dataDir, serverVersion }: CommonOptions & { readonly serverVersion?: string },
  { terminal }: CliContext,
): LocalValkey {
  return new LocalValkey({
    ...(serverVersion !== undefined && { version: serverVersion }),
    dir: localValkeyDir(dataDir),
    onProgress: (line) => terminal.note(line),
  })
}

async function answered(status: LocalValkeyStatus): Promise<Answer> {
  if (!status.running) return { json: status, text: statusText(status) }
  const clients = await installedClients(status.port)
  const hints = clients.map(({ command }) => `look inside with: ${command}`)
  return { json: { ...status, clients }, text: [statusText(status), ...hints].join('\n') }
}

function versionArgument(text: string): string {
  if (!isVersionText(text))
    throw new InvalidArgumentError('Expected a version such as 8, 8.0 or 8.0.1.')
  return text
}

function statusText(status: LocalValkeyStatus): string {
  if (!status.running) return `not running; its files: ${status.dir}`
  const { version, url, redisUrl, pid, uptimeSeconds, dir } = status
  const up = uptimeSeconds === 0 ? '' : `, up ${durationText(uptimeSeconds * 1_000)}`
  return `Valkey ${version} runs on ${url} (pid ${pid})${up}\nfor other tools: ${redisUrl}\nits files: ${dir}`
}

function portArgument(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new InvalidArgumentError('Expected a port from 1 to 65535.')
  return port
}
