import type { PairduckError } from '../../errors.ts'
import type { AccountSnapshot, AccountSource } from '../model/account-source.ts'
import { namedAssets, readBalance } from '../model/balance.ts'
import type { BalanceInput } from '../model/balance.ts'
import { asObject } from '../model/checked-source.ts'
import { checkedChanges, toChange } from './check-changes.ts'
import { planChanges } from './change.ts'
import type { Change, PlannedChange } from './change.ts'
import type { ValkeyClient } from '../../valkey/valkey-client.ts'
import type { MirrorClock } from '../model/clock.ts'
import type { MirrorKeys } from '../stored/keys.ts'
import type { MirrorState } from './mirror-state.ts'
import { encodeOrder } from '../stored/order-json.ts'
import type { OrderInput } from '../model/order.ts'
import { readOrder } from '../model/read-order.ts'
import { readStored, wrongIndexes } from '../stored/stored-account.ts'
import type { StoredAccount } from '../stored/stored-account.ts'
import { isLate } from './source-limit.ts'
import type { WriteSettings } from './unit-encoding.ts'
import type { UnitWriter } from './unit-writer.ts'

/** What a reconcile did. */
export interface ReconcileResult {
  /** What was written. */
  readonly written: number
  /** What was mirrored already. */
  readonly unchanged: number
  /** Entries of sets that were wrong, and orders that were stored otherwise than written. */
  readonly repaired: number
  /** Open orders that are in no snapshot and of which the source says nothing: left as they are. */
  readonly unresolved: readonly string[]
  /** Orders of mirrored trades that could not be had, so that they are not mirrored. */
  readonly absent: readonly string[]
  /** The failure of each of those whose asking failed; it is asked for again next time. */
  readonly failures: ReadonlyMap<string, unknown>
  /** What could not be mirrored; each is an INVALID_ORDER or INVALID_EVENT that names it. */
  readonly refused: readonly PairduckError[]
}

export interface ReconcileContext {
  readonly client: ValkeyClient
  readonly keys: MirrorKeys
  readonly state: MirrorState
  readonly writer: UnitWriter
  readonly settings: WriteSettings
  readonly derivatives: boolean
  readonly writeTimeoutMs: number
  readonly clock: MirrorClock
}

/** How many orders are asked for by id at a time. */
const maxParallelFetches = 4
const maxUnitChanges = 500
/** Each note is a change that watchers hear of, and what it saves is a few minutes' fills. */
const noteEveryMs = 300_000

/**
 * Brings what is stored to the snapshot: what is stored wrongly is repaired, what differs is
 * written in units, and an open order that the snapshot lacks is asked for by id. It runs with
 * the writer to itself, so that events wait and are applied, if they are newer, afterwards.
 * Balances without a time come after all that the exchange had told when the snapshot began to be
 * taken (`seenMs`).
 */
export async function reconcileAccount(
  context: ReconcileContext,
  snapshot: AccountSnapshot,
  fetchOrder: AccountSource['fetchOrder'] | undefined,
  seenMs?: number | null,
): Promise<Omit<ReconcileResult, 'absent'>> {
  const { client, keys, state } = context
  const refused: PairduckError[] = []
  const refusedBeside: PairduckError[] = []
  const changes = snapshotChanges(
    snapshot,
    context.derivatives,
    refused,
    seenMs,
    context.clock.now(),
  )
  // What was written without an answer is known before it is compared with what is stored.
  await context.writer.check(deadlineOf(context))
  const stored = await readStored(client, keys, state.symbols)
  const repaired = await repair(context, stored)
  if (snapshot.balances !== undefined)
    for (const change of goneBalances(stored, snapshot.balances)) changes.push(change)
  // What the snapshot tells is written before anything is asked: an answer may never come.
  let written = await writeChanges(context, changes, refusedBeside)
  await noteCompleteness(context, snapshot.completeToMs)
  // An order that is refused is still open, as far as its id can be told.
  const open = snapshot.openOrders && new Set(snapshot.openOrders.map(idOf))
  const missing = open === null ? [] : [...state.openOrders.keys()].filter((id) => !open.has(id))
  const asked = await askFor(context, missing, fetchOrder, refused)
  written += await writeChanges(context, asked.changes, refusedBeside)
  return {
    written,
    unchanged: changes.length + asked.changes.length - written - refusedBeside.length,
    repaired,
    unresolved: asked.unresolved,
    failures: asked.failures,
    refused: [...refused, ...refusedBeside],
  }
}

/** The checked changes of a snapshot; what can't be mirrored is put aside. */
function snapshotChanges(
  snapshot: AccountSnapshot,
  derivatives: boolean,
  refused: PairduckError[],
  seenMs: number | null | undefined,
  nowMs: number,
): Change[] {
  const toBalance = (input: BalanceInput): Change => ({
    kind: 'balance',
    balance: readBalance(input),
    ...(seenMs !== undefined && { seenMs }),
  })
  return [
    ...checkedChanges(snapshot.openOrders ?? [], toOrder, derivatives, refused),
    ...checkedChanges(snapshot.balances ?? [], toBalance, derivatives, refused),
    ...checkedChanges(snapshot.closedOrders ?? [], toChange.order, derivatives, refused),
    ...checkedChanges(snapshot.fills ?? [], toChange.fill, derivatives, refused),
    ...checkedChanges(snapshot.transfers ?? [], toChange.transfer, derivatives, refused),
    ...checkedChanges(snapshot.tickers ?? [], toChange.ticker(nowMs), derivatives, refused),
  ]
}

async function repair(context: ReconcileContext, stored: StoredAccount): Promise<number> {
  const { keys, state, writer, settings } = context
  // An order that somebody else put there is taken up: the source will be asked for it.
  for (const [id, order] of stored.orders)
    if (order !== undefined && state.order(id) === undefined) state.setOrder(order.record)
  // The differences are written against what is stored, not against what was written once.
  for (const asset of state.balances.keys())
    if (!stored.balances.has(asset)) state.balances.delete(asset)
  for (const [asset, balance] of stored.balances)
    state.balances.set(asset, {
      ...balance,
      timestamp: state.balances.get(asset)?.timestamp ?? null,
    })
  const wrong = wrongIndexes(stored, keys)
  const damaged = [...state.openOrders.values()].filter((record) => {
    const { id, symbol } = record.state
    return (
      stored.orders.get(id)?.json !== encodeOrder(record, settings.defaultFeeRate) ||
      !stored.openBySymbol.get(symbol)?.has(id)
    )
  })
  const closed = [...stored.orders.keys()]
    .map((id) => state.closedOrders.get(id))
    .filter((record) => record !== undefined)
  const unreadable = stored.unreadableBalances.map((id) => ({ key: keys.balances, id }))
  const repairs = [...wrong, ...unreadable, ...damaged, ...closed]
  for (let first = 0; first < repairs.length; first += maxUnitChanges) {
    await writer.write(async (plan) => {
      for (const entry of repairs.slice(first, first + maxUnitChanges)) {
        if ('key' in entry) plan.repair(entry.key, entry.id)
        else plan.rewriteOrder(state.order(entry.state.id) ?? entry)
      }
    }, deadlineOf(context))
  }
  return repairs.length
}

/** Says up to when fills and transfers are whole, now that they are written. */
async function noteCompleteness(
  context: ReconcileContext,
  completeToMs: number | undefined,
): Promise<void> {
  const { keys, state, writer } = context
  if (completeToMs === undefined || completeToMs < (state.completeToMs ?? -Infinity) + noteEveryMs)
    return
  await writer.write(async (plan) => {
    plan.note(keys.since, 'completed', String(completeToMs))
  }, deadlineOf(context))
  state.completeToMs = completeToMs
}

interface Answers {
  readonly changes: Change[]
  readonly unresolved: string[]
  readonly failures: Map<string, unknown>
}

/** One order that can't be asked for harms no other; all asking has ended when this resolves. */
async function askFor(
  { state, derivatives }: ReconcileContext,
  ids: readonly string[],
  fetchOrder: AccountSource['fetchOrder'] | undefined,
  refused: PairduckError[],
): Promise<Answers> {
  const answers: Answers = { changes: [], unresolved: [], failures: new Map() }
  if (fetchOrder === undefined) return { ...answers, unresolved: [...ids] }
  const waiting = [...ids]
  const ask = async (): Promise<void> => {
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      try {
        const input = await fetchOrder(id, state.openOrders.get(id)!.state.symbol)
        if (input === undefined) answers.unresolved.push(id)
        else answers.changes.push(...checkedChanges([input], toOrder, derivatives, refused))
      } catch (error) {
        answers.unresolved.push(id)
        answers.failures.set(id, error)
        // Nor would the others be answered, one after another, while changes wait.
        if (isLate(error)) answers.unresolved.push(...waiting.splice(0))
      }
    }
  }
  await Promise.all(Array.from({ length: maxParallelFetches }, ask))
  answers.unresolved.sort()
  return answers
}

function idOf(order: OrderInput): string {
  return String(asObject(order).id)
}

/** A snapshot's order tells what is so now: of two of the same time it is the newer. */
function toOrder(input: OrderInput, derivatives: boolean): Change {
  return { kind: 'order', order: readOrder(input, derivatives), isSnapshot: true }
}

/**
 * Gone is what no input names: an asset whose balance was refused stays as it is, and beside an
 * input without a name nothing is gone.
 */
function goneBalances(stored: StoredAccount, balances: readonly BalanceInput[]): Change[] {
  const held = namedAssets(balances)
  if (held === undefined) return []
  return [...stored.balances.keys()]
    .filter((asset) => !held.has(asset))
    .map((asset) => ({ kind: 'noBalance', asset }))
}

async function writeChanges(
  context: ReconcileContext,
  changes: readonly Change[],
  refused: PairduckError[],
): Promise<number> {
  let written = 0
  for (let done = 0; done < changes.length;) {
    let results: PlannedChange[] = []
    await context.writer.write(async (plan) => {
      results = await planChanges(plan, changes.slice(done, done + maxUnitChanges), context)
    }, deadlineOf(context))
    done += results.length
    written += results.filter((result) => result === true).length
    for (const result of results) if (typeof result !== 'boolean') refused.push(result)
  }
  return written
}

function deadlineOf({ clock, writeTimeoutMs }: ReconcileContext): number {
  return clock.monotonicMs() + writeTimeoutMs
}
