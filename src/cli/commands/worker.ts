import { once } from 'node:events'
import { Worker } from '../../cluster/worker.ts'
import { DatabaseManager } from '../../storage/database-manager.ts'
import { defaultRetention } from '../../schema/retention-policy.ts'
import { countArgument, keepArgument, keptFor } from '../arguments.ts'
import { withClient, withClusterOptions, type ClusterCommandOptions } from '../cluster/options.ts'
import type { AddCommand } from '../command.ts'
import type { CliContext } from '../context.ts'
import { asUsage } from '../failure.ts'
import { countedText, durationText, timeText } from '../figures.ts'

interface WorkerCommandOptions extends ClusterCommandOptions {
  readonly member?: string
  readonly address?: string
  readonly keep?: number | 'forever'
  readonly lease: number
  readonly port?: number
}

export const addWorkerCommand: AddCommand = (program, context) => {
  withClusterOptions(program.command('worker'))
    .option('--member <name>', 'the worker’s name (default: host, pid and a random part)')
    .option(
      '--port <number>',
      'serve its pairs on this machine, as `serve` does; 0: any port',
      Number,
    )
    .option(
      '--keep <time>',
      'delete ticks that are older, such as 7d, or keep everything forever (default: 15 minutes)',
      keepArgument,
    )
    .option('--address <url>', 'where others can read its pairs (default: what it serves)')
    .option(
      '--lease <seconds>',
      'a dead worker’s pairs are taken over after this',
      countArgument,
      10,
    )
    .action((options: WorkerCommandOptions) => work(options, context))
}

/** Works until Ctrl-C or SIGTERM, then stores what is under way and gives everything up in order. */
async function work(
  options: WorkerCommandOptions,
  { terminal, signal, now }: CliContext,
): Promise<void> {
  const { dataDir, json, keep, member, cluster, slots, lease } = options
  await withClient(options, async (client) => {
    const manager = await DatabaseManager.open({
      dataDir,
      ...(keep === undefined ? {} : { retention: keptFor(keep) }),
    })
    // Pairs that other workers hold are skipped: each worker cleans its own.
    manager.startCleanup()
    const server = await serverOf(manager, options)
    const address = options.address ?? server?.url
    try {
      const worker = await Worker.start({
        client,
        manager,
        name: cluster,
        slots,
        leaseMs: lease * 1_000,
        ...(member === undefined ? {} : { member }),
        ...(address === undefined ? {} : { address }),
      })
      const tell = (event: object, text: string): void => {
        if (json) terminal.printJson({ at: now(), ...event })
        else terminal.print(`${timeText(now())} ${text}`)
      }
      const tellSlots = (held: readonly number[]): void =>
        tell(
          { event: 'slots', slots: held.length },
          `${worker.member} holds ${countedText(held.length, 'slot')} of ${slots}`,
        )
      if (keep === undefined)
        terminal.note(
          `ticks are kept for ${durationText(Number(defaultRetention.ticks.keepMs))} where a pair has no rules of its own: --keep says how long`,
        )
      tellSlots(worker.slots)
      worker.on('slots', tellSlots)
      worker.on('refused', ({ pair, id, error }) =>
        terminal.note(`${pair}: entry ${id} cannot be stored: ${(error as Error).message}`),
      )
      worker.on('error', (error) => terminal.note(`tried again: ${(error as Error).message}`))
      if (!signal.aborted) await once(signal, 'abort')
      await worker.stop()
    } finally {
      await server?.close()
      await manager.close()
    }
  })
}

/** What answers for the worker's pairs, where it is to. */
async function serverOf(
  manager: DatabaseManager,
  { port }: WorkerCommandOptions,
): Promise<{ readonly url: string; close(): Promise<void> } | undefined> {
  if (port === undefined) return undefined
  const { serve } = await import('../../serve/index.ts')
  const token = process.env['PAIRDUCK_TOKEN']
  return serve(manager, { port, ...(token === undefined ? {} : { token }) }).catch(asUsage)
}
