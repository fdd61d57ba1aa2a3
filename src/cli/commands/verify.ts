import { PairduckError } from '../../errors.ts'
import { formatPair } from '../../pair.ts'
import { pairArgument } from '../arguments.ts'
import { withCommonOptions, type AddCommand, type CommonOptions } from '../command.ts'
import { countText } from '../figures.ts'
import { chosenPairs, noneStored, withStore } from '../manager.ts'
import type { VerifyReport } from '../../storage/upkeep/verify.ts'
import { printAnswer } from '../pair-command.ts'

export const addVerifyCommand: AddCommand = (program, context) => {
  withCommonOptions(program.command('verify'))
    .argument('[pairs...]', 'exchange/market/symbol (default: all)')
    .action(async (given: string[], options: CommonOptions) => {
      const { dataDir } = options
      const wanted = given.map((text) => pairArgument(text))
      const reports = await withStore<VerifyReport[]>(
        { dataDir, terminal: context.terminal },
        () => noneStored(wanted, dataDir),
        async (db) => {
          const found: VerifyReport[] = []
          for (const pair of await chosenPairs(db, wanted, context))
            found.push(
              await db.verify(pair).catch((error: unknown) => unverified(formatPair(pair), error)),
            )
          return found
        },
      )
      const { ink } = context.terminal
      printAnswer(context, options, {
        json: reports,
        lines: () =>
          reports.length === 0
            ? ['no pairs stored']
            : reports.flatMap(({ pair, ok, problems, rows }) =>
                ok
                  ? [`${pair}: ${ink.buy('ok')}, ${countText(sum(Object.values(rows)))} rows read`]
                  : problems.map((problem) => `${pair}: ${ink.sell(problem)}`),
              ),
      })
      if (reports.some(({ ok }) => !ok)) context.exitCode = 1
    })
}

/** A damaged or locked pair is a finding; the others are read all the same. */
function unverified(pair: string, error: unknown): VerifyReport {
  if (!PairduckError.is(error)) throw error
  return { pair, ok: false, problems: [`${error.code}: ${error.message}`], rows: {} }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
