import { setTimeout as delay } from 'node:timers/promises'
import { clusterState, type ClusterState } from '../../cluster/cluster-state.ts'
import { withClient, withClusterOptions, type ClusterCommandOptions } from '../cluster/options.ts'
import type { AddCommand } from '../command.ts'
import type { CliContext } from '../context.ts'
import { countedText, countText, durationText, timeText } from '../figures.ts'
import { textTable } from '../text-table.ts'

interface WorkersCommandOptions extends ClusterCommandOptions {
  readonly watch: boolean
}

const watchEveryMs = 1_000

export const addWorkersCommand: AddCommand = (program, context) => {
  withClusterOptions(program.command('workers'))
    .option('--watch', 'show it again every second until stopped', false)
    .action(async (options: WorkersCommandOptions) => {
      const { cluster: name, slots } = options
      await withClient(options, async (client) => {
        do {
          show(await clusterState({ client, name, slots }), options, context)
          if (options.watch) await pause(context.signal)
        } while (options.watch && !context.signal.aborted)
      })
    })
}

function show(
  state: ClusterState,
  { json }: WorkersCommandOptions,
  { terminal, now }: CliContext,
): void {
  if (json) return terminal.printJson(state)
  const { ink, tableColumns } = terminal
  if (state.members.length === 0) terminal.print('no workers')
  else
    terminal.print(
      textTable(
        state.members,
        [
          { title: 'worker', cell: ({ member }) => member, align: 'left' },
          { title: 'address', cell: ({ address }) => address ?? '–', align: 'left' },
          { title: 'slots', cell: ({ slots }) => countText(slots) },
          { title: 'waiting', cell: ({ waiting }) => countText(waiting) },
          { title: 'heard', cell: ({ heartbeatAgoMs }) => `${durationText(heartbeatAgoMs)} ago` },
          { title: 'since', cell: ({ startedAt }) => timeText(startedAt), align: 'left' },
        ],
        { columns: tableColumns, ink },
      ),
    )
  if (state.unowned > 0)
    terminal.print(
      `${timeText(now())} ${countedText(state.unowned, 'slot')} without a worker, ${countedText(state.unownedWaiting, 'call')} waiting there`,
    )
}

async function pause(signal: AbortSignal): Promise<void> {
  await delay(watchEveryMs, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
}
