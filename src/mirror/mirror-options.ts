import { hostname } from 'node:os'
import { flag, integer, optional, resolveOptions, rule } from '../options.ts'
import type { OptionRules } from '../options.ts'
import { connectionRules } from '../valkey/connection-options.ts'
import type { ValkeyConnectionOptions } from '../valkey/connection-options.ts'
import type { ValkeyClient } from '../valkey/valkey-client.ts'
import { systemClock } from './model/clock.ts'
import type { MirrorClock } from './model/clock.ts'
import type { DecimalText } from './model/decimal.ts'
import type { Retention } from './write/writing-session.ts'
import { isDecimalText, isNegative } from './model/decimal.ts'
import { assetForm, isAsset } from './model/symbol.ts'

/** Options of a reader: where the mirror is. */
export interface MirrorReaderOptions extends ValkeyConnectionOptions {
  /** A client that you connected yourself, instead of `url` and the other connection options. */
  readonly client?: ValkeyClient
  /**
   * Put before every key and channel. None by default, as MockExchange's readers need it; a
   * cluster needs one in braces, such as `{mx}:`.
   */
  readonly keyPrefix?: string
  /** Time, for tests and simulations. Default: the machine's. */
  readonly clock?: MirrorClock
}

/** Options of a writer. */
export interface ValkeyMirrorOptions extends MirrorReaderOptions {
  /** Who writes, as `engine:leader` shows it. Default: host name and process id. */
  readonly writerId?: string
  /** Mirror symbols with a settlement part (`BTC/USDT:USDT`) too. Default false. */
  readonly derivatives?: boolean
  /** Fee rate of an order for which neither fill nor market tells one. Default `0`. */
  readonly defaultFeeRate?: DecimalText
  /** What deposits and withdrawals are valued in. Default `USDT`. */
  readonly refCurrency?: string
  /** History entries kept in an order's JSON; the oldest go first. Default 50. */
  readonly maxHistory?: number
  /** How long the leader key lives without renewal, in ms. Default 30,000, which is also the most. */
  readonly leaseMs?: number
  /** Changes that may wait before further ones are refused with `BACKPRESSURE`. Default 10,000. */
  readonly maxPending?: number
  /** How long a change is tried while the server can't be reached, in ms. Default 10,000. */
  readonly writeTimeoutMs?: number
  /** Closed orders, with their history, are removed so many ms after their end. Default: never. */
  readonly retainClosedMs?: number
  /**
   * Own trades are removed so many ms after they happened, and transfers too, but transfers not
   * before 30 days. Statistics keep counting them, and profits are still computed from what they had
   * cost. Reports need the trades of their days. Default: as closed orders (`retainClosedMs`).
   */
  readonly retainFillsMs?: number
  /**
   * How long the source may take for a snapshot, in ms; for each call, such as one order asked for,
   * a quarter of it. Default 120,000.
   */
  readonly sourceTimeoutMs?: number
}

/** What is kept, where it differs from the mirror's options. */
export interface PruneOptions {
  /** How long closed orders stay mirrored, in ms. */
  readonly retainClosedMs?: number
  /** How long own trades stay mirrored, in ms (default: as closed orders); transfers 30 days at least. */
  readonly retainFillsMs?: number
}

const readerRules = {
  client: rule<ValkeyClient | undefined>(
    'a ValkeyClient',
    (value) => typeof value === 'object' && value !== null && 'script' in value,
    undefined,
  ),
  keyPrefix: rule('a text of up to 60 visible ASCII characters', isPrefix, ''),
  clock: rule<MirrorClock>(
    'a MirrorClock',
    (value) => typeof value === 'object' && value !== null && 'schedule' in value,
    systemClock,
  ),
} satisfies OptionRules

const writerRules = {
  writerId: rule(
    'a text of up to 100 visible ASCII characters',
    (value) => typeof value === 'string' && /^[!-~]{1,100}$/.test(value),
    `${hostname()}:${process.pid}`,
  ),
  derivatives: flag(false),
  defaultFeeRate: rule<DecimalText>(
    'a decimal text such as `0.001`',
    (value) => typeof value === 'string' && isDecimalText(value) && !isNegative(value),
    '0',
  ),
  refCurrency: rule(assetForm, isAsset, 'USDT'),
  maxHistory: integer(1, 1_000, 50),
  leaseMs: integer(1_000, 30_000, 30_000),
  maxPending: integer(1, 1_000_000, 10_000),
  writeTimeoutMs: integer(1, 600_000, 10_000),
  retainClosedMs: optional(integer(1_000, Number.MAX_SAFE_INTEGER, 0)),
  retainFillsMs: optional(integer(60_000, Number.MAX_SAFE_INTEGER, 0)),
  sourceTimeoutMs: integer(1, 3_600_000, 120_000),
} satisfies OptionRules

/** A reader's options, and apart from them how to connect. */
export interface ResolvedReaderOptions {
  readonly connection: ValkeyConnectionOptions
  readonly client: ValkeyClient | undefined
  readonly keyPrefix: string
  readonly clock: MirrorClock
}

export interface ResolvedMirrorOptions
  extends
    ResolvedReaderOptions,
    Required<Omit<ValkeyMirrorOptions, keyof MirrorReaderOptions | keyof Retention>>,
    Retention {}

/** Checks a reader's options. Throws TypeError or RangeError naming the option. */
export function resolveReaderOptions(
  caller: string,
  given: MirrorReaderOptions,
): ResolvedReaderOptions {
  const options = resolveOptions(caller, given, { ...connectionRules, ...readerRules })
  return {
    client: options.client,
    keyPrefix: options.keyPrefix,
    clock: options.clock,
    connection: connectionOf(caller, given),
  }
}

/** Checks a writer's options. Throws TypeError or RangeError naming the option. */
export function resolveMirrorOptions(
  caller: string,
  given: ValkeyMirrorOptions,
): ResolvedMirrorOptions {
  const rules = { ...connectionRules, ...readerRules, ...writerRules }
  const { writerId, derivatives, defaultFeeRate, refCurrency, ...options } = resolveOptions(
    caller,
    given,
    rules,
  )
  return {
    client: options.client,
    keyPrefix: options.keyPrefix,
    clock: options.clock,
    connection: connectionOf(caller, given),
    writerId,
    derivatives,
    defaultFeeRate,
    refCurrency,
    maxHistory: options.maxHistory,
    leaseMs: options.leaseMs,
    maxPending: options.maxPending,
    writeTimeoutMs: options.writeTimeoutMs,
    retainClosedMs: options.retainClosedMs,
    retainFillsMs: options.retainFillsMs,
    sourceTimeoutMs: options.sourceTimeoutMs,
  }
}

/** Checks what a call of `prune` is given; the rest is as the mirror keeps it. */
export function resolvePruneOptions(
  given: Partial<Retention> | undefined,
  kept: Retention,
): Retention {
  const age = optional(integer(0, Number.MAX_SAFE_INTEGER, 0))
  const rules = { retainClosedMs: age, retainFillsMs: age }
  const { retainClosedMs = kept.retainClosedMs, retainFillsMs = kept.retainFillsMs } =
    resolveOptions('ValkeyMirror.prune', given, rules)
  return { retainClosedMs, retainFillsMs }
}

function connectionOf(caller: string, given: MirrorReaderOptions): ValkeyConnectionOptions {
  const connection = Object.fromEntries(
    Object.entries(given).filter(([name]) => Object.hasOwn(connectionRules, name)),
  )
  if (given.client !== undefined && Object.keys(connection).length > 0)
    throw new TypeError(
      `${caller}: \`client\` is connected already: leave \`url\` and the like out`,
    )
  if (given.cluster !== undefined && !/\{[^}]+\}/.test(given.keyPrefix ?? ''))
    throw new TypeError(
      `${caller}: a cluster needs a \`keyPrefix\` in braces, such as '{mx}:', so that all keys live in one slot`,
    )
  return connection
}

function isPrefix(value: unknown): boolean {
  return typeof value === 'string' && /^[!-~]{0,60}$/.test(value)
}
