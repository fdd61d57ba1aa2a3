import { PairduckError } from '../../errors.ts'
import type { FillInput } from '../model/fill.ts'
import type { OrderInput } from '../model/order.ts'
import type { TransferInput } from '../model/transfer.ts'
import type { NextPage } from '../exchanges/next-page.ts'
import type { CcxtParams } from './ccxt-exchange.ts'

type Listed = FillInput | TransferInput | OrderInput

/** One call for a list: what is from `since` on, until `until` if given, or behind a cursor. */
export type PageFetch<Item> = (
  since: number,
  until?: number,
  cursor?: CcxtParams,
) => Promise<readonly Item[]>

export interface PageLimits {
  /** As many items as this may be all that one answer holds. */
  readonly fullPage: number
  /** How much time one answer may cover at most. */
  readonly windowMs: number
  /** How to go on where one millisecond holds more than a page; undefined: not at all. */
  readonly nextPage?: NextPage | undefined
}

/** How far the exchange's clock may go before this machine's. */
const maxSkewMs = 3_600_000
/** The most calls that one list is worth, and how many windows back they can reach. */
const maxCalls = 1_000
const maxWindows = 900

/**
 * Everything since a time, from an exchange that answers the oldest first or the newest first, in
 * pages, of a limited time each. Rejects with `EXCHANGE_INCOMPLETE` when it can't be had whole,
 * so that nobody takes a part of it for all.
 */
export async function allSince<Item extends Listed>(
  fetch: PageFetch<Item>,
  sinceMs: number,
  limits: PageLimits,
): Promise<Item[]> {
  const search = new PageSearch(fetch, limits)
  await search.forward(sinceMs, Date.now() + maxSkewMs)
  return [...search.items.values()]
}

interface Page<Item> {
  readonly items: readonly Item[]
  readonly isFull: boolean
  readonly first: number
  readonly last: number
}

interface Hole {
  readonly from: number
  readonly to: number
  /** The end of the page that lies behind it. */
  readonly last: number
}

class PageSearch<Item extends Listed> {
  readonly items: Map<string, Item> = new Map()
  readonly #fetch: PageFetch<Item>
  readonly #limits: PageLimits
  #calls = 0

  constructor(fetch: PageFetch<Item>, limits: PageLimits) {
    this.#fetch = fetch
    this.#limits = limits
  }

  /** From window to window; a full page is followed by what comes after it, and before it. */
  async forward(sinceMs: number, endMs: number): Promise<void> {
    let since = sinceMs
    const { windowMs } = this.#limits
    const holes: Hole[] = []
    let followsPage = false
    for (;;) {
      const got = await this.#page(since)
      if (got.isFull && got.last <= since) {
        await this.#restOf(got, since)
        since += 1
      } else if (got.isFull) {
        // What a page begins with that follows another one was on that one too.
        if (got.first > since || !followsPage)
          holes.push({ from: since, to: got.first, last: got.last })
        since = got.last
      } else {
        // An answer that reaches further than a window is not limited to one.
        if (got.last - since > windowMs) break
        since = Math.max(since + windowMs, endMs - maxWindows * windowMs)
        if (since > endMs) break
      }
      followsPage = got.isFull
    }
    for (const hole of holes) await this.#backward(hole, this.#wentOn(hole.last, endMs))
  }

  /** Whether more came after a full page than has happened since: the oldest came first then. */
  #wentOn(last: number, endMs: number): boolean {
    return [...this.items.values()].some(
      ({ timestamp }) => (timestamp ?? 0) > last && (timestamp ?? 0) < endMs,
    )
  }

  /** What lies before a full page, as exchanges leave out that answer the newest first. */
  async #backward({ from, to }: Hole, isOldestFirst: boolean): Promise<void> {
    const beginsThere = to <= from
    if (isOldestFirst && beginsThere) return
    for (let until = Math.max(to, from); until >= from;) {
      const got = await this.#page(from, until)
      if (!got.isFull) return
      if (got.last > until) {
        if (isOldestFirst || beginsThere) return
        throw incomplete('it gives only the newest, and takes no `until`')
      }
      if (got.first >= until) await this.#restOf(got, until, until)
      until = got.first >= until ? until - 1 : got.first
    }
  }

  /** What else there is of a millisecond that fills a page, from pages behind the same call's. */
  async #restOf(full: Page<Item>, ms: number, until?: number): Promise<void> {
    let got = full
    for (let number = 1, seen = got.items.length; ; number++, seen += got.items.length) {
      const cursor = this.#limits.nextPage?.(got.items, number, seen)
      const known = this.items.size
      if (cursor === undefined) throw tooMany(ms, known)
      got = await this.#page(ms, until, cursor)
      if (!got.isFull || !got.items.some(({ timestamp }) => timestamp === ms)) return
      // An exchange that doesn't know the cursor gives the same page for ever.
      if (this.items.size === known) throw tooMany(ms, known)
    }
  }

  async #page(since: number, until?: number, cursor?: CcxtParams): Promise<Page<Item>> {
    if (++this.#calls > maxCalls)
      throw incomplete(`${maxCalls} calls were not enough: begin at a later time`)
    const items = await this.#fetch(since, until, cursor)
    let [first, last] = [Infinity, -Infinity]
    for (const item of items) {
      this.items.set(keyOf(item), item)
      first = Math.min(first, item.timestamp ?? Infinity)
      last = Math.max(last, item.timestamp ?? -Infinity)
    }
    const isFull = items.length >= this.#limits.fullPage && last >= first
    return { items, isFull, first, last }
  }
}

/** Ids are unique within a market only, and a trade with oneself has two sides. */
function keyOf(item: Listed): string {
  const { id, timestamp, amount } = item
  const part =
    'symbol' in item
      ? [item.symbol, 'order' in item ? String(item.order) : '', item.side]
      : [(item as TransferInput).type, (item as TransferInput).currency]
  return JSON.stringify([...part, String(id ?? [timestamp, String(amount)])])
}

function tooMany(ms: number, had: number): PairduckError {
  return incomplete(
    `there are more in the millisecond ${ms} than one answer holds, and no way known to the rest; ` +
      `${had} could be had up to there`,
    { ms, had },
  )
}

function incomplete(reason: string, details: object = {}): PairduckError {
  return new PairduckError(
    'EXCHANGE_INCOMPLETE',
    `the exchange did not give the whole list: ${reason}`,
    { ...details },
  )
}
