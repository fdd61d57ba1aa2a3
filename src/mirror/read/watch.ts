import { PairduckError } from '../../errors.ts'
import { integer, resolveOptions, signalRule, type Resolved } from '../../options.ts'
import { decodeBalance } from '../stored/balance-json.ts'
import type { Balance } from '../model/balance.ts'
import type { ValkeyClient } from '../../valkey/valkey-client.ts'
import type { GuardedClient } from '../stored/guarded-client.ts'
import type { MirrorClock } from '../model/clock.ts'
import type { MirrorKeys } from '../stored/keys.ts'
import { readMirroredOrder } from '../stored/mirrored-order.ts'
import type { MirroredOrder } from '../stored/mirrored-order.ts'
import { Inbox, type Message } from './inbox.ts'
import { openOrders } from './mirror-reads.ts'
import { Subscription } from './subscription.ts'
import { snapshotScript } from '../stored/read-scripts.ts'
import type { OrdersReply } from '../stored/read-scripts.ts'
import { allReadable } from '../stored/stored-value.ts'

/** The whole state, at the beginning and whenever changes may have been missed. */
export interface MirrorSnapshot {
  /** A whole state: the first event, and after any gap. */
  readonly type: 'snapshot'
  /** Why the whole state is sent. */
  readonly reason: 'start' | 'gap' | 'epoch' | 'overflow'
  /** Number of the writer's term; it grows with every takeover. */
  readonly epoch: string
  /** Number of the change within the mirror; it grows by one. */
  readonly sequence: number
  /** The open orders. */
  readonly openOrders: readonly MirroredOrder[]
  /** The balances. */
  readonly balances: readonly Balance[]
}

/** What changed since the event before; values are as of this sequence number or newer. */
export interface MirrorChange {
  /** What one write changed. */
  readonly type: 'change'
  /** Number of the writer's term; it grows with every takeover. */
  readonly epoch: string
  /** Number of the change within the mirror; it grows by one. */
  readonly sequence: number
  /** The orders. */
  readonly orders: readonly MirroredOrder[]
  /** The balances. */
  readonly balances: readonly Balance[]
  /** Assets that the account does not hold any more. */
  readonly gone: readonly string[]
  /** Symbols whose ticker changed, symbols with new fills, assets with new transfers. */
  readonly tickers: readonly string[]
  /** The account's own trades. */
  readonly fills: readonly string[]
  /** Deposits and withdrawals. */
  readonly transfers: readonly string[]
}

/** What `watch` yields. */
export type MirrorEvent = MirrorSnapshot | MirrorChange

/** Options of `watch`. */
export interface WatchOptions {
  /** Ends the iteration. */
  readonly signal?: AbortSignal
  /** How often a quiet watcher looks whether it missed something. */
  readonly heartbeatMs?: number
}

const retryMs = 250

/**
 * Follows the mirror: first a snapshot, then every change in order. Messages may get lost, so
 * each carries a sequence number: after a gap, another epoch or too long a queue, a new snapshot
 * comes by itself. While the server can't be reached it waits. Ends with the signal, when the
 * reader closes, or when the consumer leaves the loop.
 */
export function watchMirror(
  client: GuardedClient,
  keys: MirrorKeys,
  clock: MirrorClock,
  options: WatchOptions | undefined,
): AsyncGenerator<MirrorEvent, void, void> {
  return mirrorEvents(client, keys, clock, resolveOptions('watch', options, rules))
}

const rules = { signal: signalRule, heartbeatMs: integer(1, 86_400_000, 5_000) }

async function* mirrorEvents(
  client: GuardedClient,
  keys: MirrorKeys,
  clock: MirrorClock,
  { signal, heartbeatMs }: Resolved<typeof rules>,
): AsyncGenerator<MirrorEvent, void, void> {
  client.ended.throwIfAborted()
  const ended = signal === undefined ? client.ended : AbortSignal.any([signal, client.ended])
  const inbox = new Inbox(ended, clock)
  const stopListening = client.onReconnect(() => inbox.interrupt())
  const subscription = new Subscription(client, keys.changes, (message) => inbox.put(message))
  let at: MirrorSnapshot | MirrorChange | undefined
  try {
    while (!inbox.closed) {
      try {
        await subscription.begin(ended)
        let event = await nextEvent(client, keys, inbox, at)
        if (event === undefined && (await inbox.silence(heartbeatMs)))
          event = await missed(client, keys, inbox, at!)
        if (event !== undefined) yield (at = event)
      } catch (error) {
        if (inbox.closed) return
        // Until the server is back there is nothing to say; then a snapshot says it all.
        if (!PairduckError.is(error, 'VALKEY_UNREACHABLE')) throw error
        await inbox.silence(retryMs)
      }
    }
  } finally {
    inbox.close()
    stopListening()
    await subscription.end()
  }
}

async function nextEvent(
  client: ValkeyClient,
  keys: MirrorKeys,
  inbox: Inbox,
  at: MirrorEvent | undefined,
): Promise<MirrorEvent | undefined> {
  if (at === undefined) return await readSnapshot(client, keys, 'start')
  if (inbox.takeOverflow()) return await readSnapshot(client, keys, 'overflow')
  const taken = inbox.take()
  // Another epoch counts from anywhere: its sequence numbers say nothing beside the old ones.
  if (taken.some(({ epoch }) => epoch !== at.epoch)) return await newEpoch(client, keys, at)
  const messages = taken.filter(({ sequence }) => sequence > at.sequence)
  if (messages.length === 0) return undefined
  const gap = messages.some(({ sequence }, index) => sequence !== at.sequence + index + 1)
  return gap ? await readSnapshot(client, keys, 'gap') : await readChange(client, keys, messages)
}

/** A new epoch begins with a snapshot; a late message from the epoch before changes nothing. */
async function newEpoch(
  client: ValkeyClient,
  keys: MirrorKeys,
  at: MirrorEvent,
): Promise<MirrorSnapshot | undefined> {
  const snapshot = await readSnapshot(client, keys, 'epoch')
  const same = snapshot.epoch === at.epoch && snapshot.sequence === at.sequence
  return same ? undefined : snapshot
}

/** A watcher that hears nothing asks whether there was nothing to hear. */
async function missed(
  client: ValkeyClient,
  keys: MirrorKeys,
  inbox: Inbox,
  at: MirrorEvent,
): Promise<MirrorSnapshot | undefined> {
  const epoch = (await client.command(['GET', keys.epoch])) ?? ''
  const sequence = Number((await client.command(['GET', keys.sequence])) ?? 0)
  if (epoch === at.epoch && sequence === at.sequence) return undefined
  // The message may be on its way; if it is not, it is lost.
  if (!(await inbox.silence(retryMs))) return undefined
  return await readSnapshot(client, keys, epoch === at.epoch ? 'gap' : 'epoch')
}

async function readSnapshot(
  client: ValkeyClient,
  keys: MirrorKeys,
  reason: MirrorSnapshot['reason'],
): Promise<MirrorSnapshot> {
  const [epoch, sequence, orders, balances] = (await client.script(
    snapshotScript,
    [keys.orders, keys.openSet, keys.balances, keys.epoch, keys.sequence],
    [],
  )) as [string, string, OrdersReply, string[]]
  return {
    type: 'snapshot',
    reason,
    epoch,
    sequence: Number(sequence),
    openOrders: await openOrders(orders),
    balances: await allReadable(balances, decodeBalance),
  }
}

async function readChange(
  client: ValkeyClient,
  keys: MirrorKeys,
  messages: readonly Message[],
): Promise<MirrorChange> {
  const named = (field: 'orders' | 'balances' | 'tickers' | 'fills' | 'transfers'): string[] => [
    ...new Set(messages.flatMap((message) => message[field] ?? [])),
  ]
  const { epoch, sequence } = messages.at(-1)!
  const orders = await values(client, keys.orders, named('orders'))
  const balances = await values(client, keys.balances, named('balances'))
  return {
    type: 'change',
    epoch,
    sequence,
    orders: await allReadable([...orders.values()], readMirroredOrder),
    balances: await allReadable([...balances.values()], decodeBalance),
    gone: [...balances].flatMap(([asset, value]) => (value === null ? [asset] : [])),
    tickers: named('tickers'),
    fills: named('fills'),
    transfers: named('transfers'),
  }
}

async function values(
  client: ValkeyClient,
  key: string,
  names: readonly string[],
): Promise<Map<string, string | null>> {
  const found = new Map<string, string | null>()
  for (let first = 0; first < names.length; first += 1_000) {
    const slice = names.slice(first, first + 1_000)
    const reply = (await client.command(['HMGET', key, ...slice])) as (string | null)[]
    for (const [index, name] of slice.entries()) found.set(name, reply[index] ?? null)
  }
  return found
}
