import { tradedName } from '../model/fill-names.ts'
import { countFill, noSums, untraded } from '../model/fill-sums.ts'
import type { SymbolSums, TradedOrder } from '../model/fill-sums.ts'
import type { Fill } from '../model/fill.ts'
import { decodeFill } from '../stored/fill-json.ts'
import { allReadable } from '../stored/stored-value.ts'
import { YieldTimer } from '../stored/yield-timer.ts'
import { decodeTransfer } from '../stored/transfer-json.ts'
import type { PruneContext } from './prune.ts'
import type { UnitPlan } from './unit-plan.ts'

/**
 * Takes up the trades of a mirror from before there were sums and indexes of them (0.1): a symbol
 * that has none is read whole, once. Its sums are written last, so that what is cut short begins
 * anew.
 */
export async function adoptFills(context: PruneContext, deadline: () => number): Promise<void> {
  const { client, keys, state } = context
  for (const symbol of state.symbols) {
    if (state.sums.has(symbol)) continue
    const values = (await client.command(['HVALS', keys.fills(symbol)])) as string[]
    const fills = await allReadable(values, decodeFill)
    if (fills.length === 0) continue
    const { sums, traded } = await countAll(fills)
    const steps: ((plan: UnitPlan) => void)[] = [
      ...fills.map((fill) => (plan: UnitPlan) => plan.fills.rewrite(fill)),
      ...[...traded].map(
        ([name, each]) =>
          (plan: UnitPlan) =>
            plan.fills.rewriteTraded(name, each),
      ),
      (plan) => plan.fills.rewriteSums(symbol, sums),
    ]
    await writeSteps(context, steps, deadline)
    state.forget(symbol, sums.newestMs)
  }
}

/** The same for deposits and withdrawals: those that have no index are given one. */
export async function adoptTransfers(context: PruneContext, deadline: () => number): Promise<void> {
  const { client, keys } = context
  if ((await client.command(['HGET', keys.since, 'indexed'])) !== null) return
  const values = (await client.command(['HVALS', keys.transfers])) as string[]
  if (values.length === 0) return
  const transfers = await allReadable(values, decodeTransfer)
  await writeSteps(
    context,
    [
      ...transfers.map((each) => (plan: UnitPlan) => plan.transfers.rewrite(each)),
      (plan) => plan.note(keys.since, 'indexed', '1'),
    ],
    deadline,
  )
}

async function countAll(
  fills: readonly Fill[],
): Promise<{ sums: SymbolSums; traded: Map<string, TradedOrder> }> {
  let sums = noSums
  const traded = new Map<string, TradedOrder>()
  const yields = new YieldTimer()
  for (const fill of fills) {
    const name = tradedName(fill)
    const known = name === undefined ? undefined : (traded.get(name) ?? untraded)
    const counted = countFill(sums, known, fill)
    sums = counted.sums
    if (name !== undefined && counted.traded !== undefined) traded.set(name, counted.traded)
    const pause = yields.step()
    if (pause !== undefined) await pause
  }
  return { sums, traded }
}

const stepsPerUnit = 500

async function writeSteps(
  { writer }: PruneContext,
  steps: readonly ((plan: UnitPlan) => void)[],
  deadline: () => number,
): Promise<void> {
  for (let done = 0; done < steps.length; done += stepsPerUnit)
    await writer.write(async (plan) => {
      for (const step of steps.slice(done, done + stepsPerUnit)) step(plan)
    }, deadline())
}
