import { pairArgument } from '../arguments.ts'
import { withCommonOptions, type AddCommand, type CommonOptions } from '../command.ts'
import { countText } from '../figures.ts'
import { notStored, requireStored, withStore } from '../manager.ts'
import { printAnswer } from '../pair-command.ts'
import type { RepairReport } from '../../storage/upkeep/repair.ts'

export const addRepairCommand: AddCommand = (program, context) => {
  withCommonOptions(program.command('repair'))
    .argument('<pair>', 'exchange/market/symbol', pairArgument)
    .action(async (pair: string, options: CommonOptions) => {
      const { dataDir } = options
      const report = await withStore(
        { dataDir, terminal: context.terminal },
        () => {
          throw notStored(pair, [], dataDir)
        },
        async (db) => {
          await requireStored(pair, await db.listPairs(), dataDir)
          return db.repair(pair)
        },
      )
      printAnswer(context, options, { json: report, lines: () => reportLines(pair, report) })
    })
}

function reportLines(pair: string, report: RepairReport): string[] {
  const lost = Object.entries(report.lost ?? {})
  const outcome = {
    none: 'nothing is wrong, nothing was changed',
    rescued: 'a new file holds all that could be read',
    'set aside': 'nothing could be read; the pair begins anew',
  }[report.action]
  return [
    `${pair}: ${outcome}`,
    ...report.problems.map((problem) => `found: ${problem}`),
    ...lost.map(
      ([table, rows]) =>
        `lost: ${rows === 'unknown' ? 'an unknown number of' : countText(rows)} rows of ${table}`,
    ),
    ...(report.notes ?? []).map((note) => `note: ${note}`),
    ...(report.quarantine === undefined ? [] : [`the damaged files are in ${report.quarantine}`]),
  ]
}
