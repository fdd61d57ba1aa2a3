import type { Gap } from '../../schema/gaps.ts'
import { microsFromMs, type Clock } from '../../time.ts'
import { gapsQuery } from '../write/gap-ledger.ts'
import type { CheckedTicks } from '../write/checked-ticks.ts'
import {
  holesBetween,
  inOrder,
  joined,
  tradeAt,
  withBefore,
  type Hole,
  type NumberedTrade,
  type NumberedTrades,
} from './id-holes.ts'
import {
  holesInQuery,
  numberedTradesQuery,
  tradeBesideQuery,
  type StoredTrades,
} from './stored-ids.ts'

/** Exchanges whose ids count each market's trades; steps in their ids are missing trades. */
const counted = /^(?:binance|kraken|coinbase|okx)/
/** Of the steps so many have to be of one, else the ids count something else as well. */
const neededShare = { counted: 0.5, other: 0.9 }
/** Of fewer steps more than half. */
const fewSteps = 20

/**
 * Finds what is missing among consecutive ids of one pair's imported trades. Ids are taken for
 * consecutive when nearly all of them follow on each other; more than fifteen digits never are.
 */
export class ImportedIds {
  readonly #isCounted: boolean
  readonly #clock: Clock
  #steps = 0
  #stepsOfOne = 0
  /** Where the batch before ended. */
  #last: NumberedTrade | undefined
  /** The first and the last id of all batches. */
  #range: { from: NumberedTrade; to: NumberedTrade } | undefined
  /** The holes that this import found and has not filled. */
  #open: Gap[] = []

  /** `last`: where an import of the same pair that was stored whole ended. */
  constructor(exchange: string, clock: Clock, last?: NumberedTrade) {
    this.#isCounted = counted.test(exchange)
    this.#clock = clock
    this.#last = last
  }

  /** Where the last batch ended. */
  get last(): NumberedTrade | undefined {
    return this.#last
  }

  /** No batch had consecutive ids. */
  get isEmpty(): boolean {
    return this.#range === undefined
  }

  /** What was found and is still missing, for the report. */
  get found(): { readonly holes: number; readonly missing: number } {
    const ids = this.#open.map(({ fromId, toId }) => Number(toId) - Number(fromId) - 1)
    return { holes: ids.length, missing: ids.reduce((sum, each) => sum + each, 0) }
  }

  /** The holes among trades that are about to be stored, and before the first of them. */
  async inBatch(stored: StoredTrades, ticks: CheckedTicks): Promise<Gap[]> {
    const batch = numberedTrades(ticks)
    if (!this.#areConsecutive(batch)) return []
    const [first, last] = [tradeAt(batch, 0), tradeAt(batch, batch.ids.length - 1)]
    const before =
      this.#last !== undefined && this.#last.id < first.id
        ? this.#last
        : await tradeBeside(stored, first, 'before')
    this.#last = last
    this.#widen(first, last)
    const trades = before === undefined ? batch : withBefore(before, batch)
    const holes = await this.#notStored(stored, trades)
    return holes.length === 0 ? [] : notKnown(await stored.query(gapsQuery), this.#noted(holes))
  }

  /** At the end: the hole behind the last trade, and what became of those that the ledger knew. */
  async atEnd(stored: StoredTrades): Promise<Gap[]> {
    if (this.#range === undefined) return []
    const { from, to } = this.#range
    const changed: Gap[] = []
    for (const gap of (await stored.query(gapsQuery)).filter(isUnfilled)) {
      const [begin, end] = [Number(gap.fromId), Number(gap.toId)]
      if (end <= from.id || begin >= to.id) continue
      changed.push(...(await this.#reexamined(stored, gap)))
    }
    const after = await tradeBeside(stored, to, 'after')
    const behind = after === undefined ? [] : this.#noted(holesBetween(joined(none, [to, after])))
    if (behind.length === 0) return changed
    return [...changed, ...notKnown(await stored.query(gapsQuery), behind)]
  }

  /** What is missing between trades, without what is stored already. */
  async #notStored(stored: StoredTrades, trades: NumberedTrades): Promise<Hole[]> {
    const holes = holesBetween(trades)
    if (holes.length === 0) return holes
    const [[first], [, last]] = [holes[0]!, holes.at(-1)!]
    const there = await stored.query(numberedTradesQuery(first, last))
    return there.length === 0 ? holes : holesBetween(joined(trades, there))
  }

  /** A hole with what is still missing in it; nothing where that is all of it. */
  async #reexamined(stored: StoredTrades, gap: Gap): Promise<Gap[]> {
    const rows = await stored.query(holesInQuery(gap))
    const holes = rows.map((hole): Gap => ({ ...gap, ...hole }))
    if (holes.length === 1 && holes[0]!.fromId === gap.fromId && holes[0]!.toId === gap.toId)
      return []
    // Rows of a file may come out of order: what one batch misses a later one may bring.
    const others = this.#open.filter((hole) => !holds(gap, hole))
    if (others.length < this.#open.length) this.#open = [...others, ...holes]
    const closed: Gap = { ...gap, state: 'filled', closedAt: this.#clock() }
    return holes[0]?.fromId === gap.fromId ? holes : [closed, ...holes]
  }

  #areConsecutive({ ids }: NumberedTrades): boolean {
    if (ids.length === 0) return false
    for (let at = 1; at < ids.length; at++) if (ids[at] === ids[at - 1]! + 1) this.#stepsOfOne++
    this.#steps += ids.length - 1
    if (this.#steps < fewSteps) return this.#isCounted || this.#stepsOfOne * 2 > this.#steps
    return (
      this.#stepsOfOne / this.#steps >= (this.#isCounted ? neededShare.counted : neededShare.other)
    )
  }

  #widen(first: NumberedTrade, last: NumberedTrade): void {
    const { from, to } = this.#range ?? { from: first, to: last }
    this.#range = { from: first.id < from.id ? first : from, to: last.id > to.id ? last : to }
  }

  #noted(holes: readonly Hole[]): Gap[] {
    return holes.map(([before, after]): Gap => {
      const gap: Gap = {
        fromTime: Math.min(before.timestamp, after.timestamp),
        toTime: Math.max(before.timestamp, after.timestamp),
        fromId: String(before.id),
        toId: String(after.id),
        state: 'open',
        reason: 'not in what was imported',
        tries: 0,
        openedAt: this.#clock(),
        closedAt: null,
      }
      if (!this.#open.some((known) => holds(known, gap))) this.#open.push(gap)
      return gap
    })
  }
}

const nearMs = 3_600_000
const wholeNumber = /^\d{1,15}$/

const none: NumberedTrades = { ids: new Float64Array(0), micros: new Float64Array(0) }

/** By id, each once. Without any where one is no number: such ids count nothing. */
function numberedTrades(ticks: CheckedTicks): NumberedTrades {
  const { length, micros, packed } = ticks
  if (packed !== undefined) return inOrder({ ids: packed.numbers.subarray(0, length), micros })
  const { ids } = ticks
  const numbers = new Float64Array(length)
  for (let at = 0; at < length; at++) {
    const text = ids[at]
    if (typeof text !== 'string' || !wholeNumber.test(text)) return none
    numbers[at] = Number(text)
  }
  return inOrder({ ids: numbers, micros })
}

async function tradeBeside(
  stored: StoredTrades,
  trade: NumberedTrade,
  side: 'before' | 'after',
): Promise<NumberedTrade | undefined> {
  if (side === 'after' && stored.newestMicros < microsFromMs(trade.timestamp)) return undefined
  // Nearly always it is near, and only what is near has to be read then.
  const [near] = await stored.query(tradeBesideQuery(trade, side, nearMs))
  if (near !== undefined) return near
  const [found] = await stored.query(tradeBesideQuery(trade, side))
  return found
}

function isUnfilled({ state, fromId, toId }: Gap): boolean {
  return state !== 'filled' && [fromId, toId].every((id) => id !== null && wholeNumber.test(id))
}

/** Without what the ledger has already, as it is or inside a larger hole. */
function notKnown(ledger: readonly Gap[], holes: readonly Gap[]): Gap[] {
  const known = ledger.filter(isUnfilled)
  return holes.filter((hole) => !known.some((gap) => holds(gap, hole)))
}

function holds(outer: Gap, inner: Gap): boolean {
  return Number(outer.fromId) <= Number(inner.fromId) && Number(outer.toId) >= Number(inner.toId)
}
