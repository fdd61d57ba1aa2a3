/** What a call says beyond the unified parameters. */
export type CallParams = Readonly<Record<string, unknown>>

/** What a page's items have in common that a cursor is taken from. */
export interface PageItem {
  readonly id?: string | number | bigint | null | undefined
  readonly timestamp?: number | null | undefined
  readonly info?: unknown
}

/**
 * What to say beside the same call to get the page after this one: the last page, its number and
 * how many items there were up to it. Undefined where the exchange says that there is none.
 */
export type NextPage = (
  page: readonly PageItem[],
  number: number,
  seen: number,
) => CallParams | undefined

/** Pages have numbers, from 1 on. */
export function byNumber(name: string): NextPage {
  return (_, number) => ({ [name]: number + 1 })
}

/** A page begins after so many items. */
export function byOffset(name: string): NextPage {
  return (_, __, seen) => ({ [name]: seen })
}

/** The next page holds what is older than the oldest of this one. */
export function beforeOldest(name: string, more: CallParams = {}): NextPage {
  return (page) => ({ [name]: oldest(page).id, ...more })
}

/** The id behind the greatest one of this page; such a call takes no time beside it. */
export const afterGreatestId: NextPage = (page) => ({
  fromId: String(BigInt(greatestId(page)) + 1n),
})

/** Whether a call with this cursor may say no time. */
export function isUntimed(cursor: CallParams): boolean {
  return 'fromId' in cursor
}

/** What the payload of the oldest item says under a name. */
export function oldestPayload(name: string, as: string): NextPage {
  return (page) => {
    const value = text(oldest(page).info, name)
    return value === undefined ? undefined : { [as]: value }
  }
}

/** A cursor that stands in the payload of any of a page's items. */
export function payloadCursor(name: string, as: string): NextPage {
  return (page) => {
    const cursor = page.map(({ info }) => text(info, name)).find(Boolean)
    return cursor === undefined ? undefined : { [as]: cursor }
  }
}

function oldest(page: readonly PageItem[]): PageItem {
  return page.reduce((a, b) => ((b.timestamp ?? 0) < (a.timestamp ?? 0) ? b : a))
}

function greatestId(page: readonly PageItem[]): string {
  return page
    .map(({ id }) => (/^\d+$/.test(String(id)) ? String(id) : '0'))
    .reduce((a, b) => (BigInt(b) > BigInt(a) ? b : a))
}

function text(info: unknown, name: string): string | undefined {
  const value = (info as Readonly<Record<string, unknown>> | null | undefined)?.[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}
