import { LosslessNumber, parse } from 'lossless-json'

/** An order as a strict reader of the mirrored JSON sees it; numbers are their own text. */
export interface StrictOrder {
  readonly id: string
  readonly symbol: string
  readonly status: string
  readonly isOpen: boolean
  readonly amount: string
  readonly filled: string
  readonly fields: Readonly<Record<string, unknown>>
  /** The same with numbers as they were parsed. */
  readonly numbers: Readonly<Record<string, unknown>>
}

const openStatuses = ['new', 'partially_filled']
const closedStatuses = [
  'filled',
  'canceled',
  'partially_canceled',
  'expired',
  'partially_expired',
  'rejected',
  'partially_rejected',
]
const decimal = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?$/
const entryKeys = [
  'ts',
  'status',
  'price',
  'amount_remain',
  'actual_filled',
  'actual_notion',
  'actual_fee',
  'reserved_notion_left',
  'reserved_fee_left',
  'comment',
].sort()

/**
 * Reads an order's JSON as the strictest reader would, and throws at the first thing that is not
 * as it must be: a missing field, a float with an exponent, a number in quotes, an unknown word,
 * one key too many in the history, sums that do not add up.
 */
export function readOrderStrictly(json: string): StrictOrder {
  const order = parse(json) as Record<string, unknown>
  const say = (what: string): never => {
    throw new Error(`${what}\n${json}`)
  }
  for (const field of ['id', 'symbol', 'notion_currency', 'fee_currency'])
    if (typeof order[field] !== 'string' || order[field] === '') say(`${field} is no text`)
  if (order['side'] !== 'buy' && order['side'] !== 'sell') say('side')
  if (order['type'] !== 'market' && order['type'] !== 'limit') say('type')
  for (const field of requiredNumbers) if (!isDecimal(order[field])) say(`${field} is no number`)
  for (const field of ['price', 'limit_price', 'trigger_price'])
    if (order[field] !== null && !isDecimal(order[field])) say(`${field} is no number and not null`)
  for (const field of neverNegative)
    if (order[field] !== null && text(order[field]).startsWith('-')) say(`${field} is negative`)
  for (const field of ['ts_create', 'ts_update']) if (!isTime(order[field])) say(field)
  const status = String(order['status'])
  const isOpen = openStatuses.includes(status)
  if (!isOpen && !closedStatuses.includes(status)) say(`status ${status}`)
  if (isOpen ? order['ts_finish'] !== null : !isTime(order['ts_finish'])) say('ts_finish')
  const filled = micro(order['actual_filled'])
  if (filled > micro(order['amount']) || micro(order['amount']) <= 0n) say('filled over amount')
  if (status.startsWith('partially') !== (filled > 0n && status !== 'filled'))
    say('status and filled')
  if (!isOpen && micro(order['reserved_notion_left']) !== 0n) say('closed, but reserved')
  if (order['side'] === 'sell' && micro(order['reserved_notion_left']) !== 0n) say('sell reserves')
  checkHistory(order, filled, say)
  return {
    id: order['id'] as string,
    symbol: order['symbol'] as string,
    status,
    isOpen,
    amount: text(order['amount']),
    filled: text(order['actual_filled']),
    fields: Object.fromEntries(Object.entries(order).map(([name, value]) => [name, plain(value)])),
    numbers: order,
  }
}

/** What can't be true of one order at two moments, the one after the other. */
export function checkForward(before: StrictOrder, after: StrictOrder): void {
  const say = (what: string): never => {
    throw new Error(`${before.id}: ${what}`)
  }
  for (const field of ['symbol', 'side'])
    if (before.fields[field] !== after.fields[field]) say(`another ${field}`)
  for (const field of ['actual_filled', 'actual_notion', 'history_count'])
    if (micro(after.numbers[field]) < micro(before.numbers[field])) say(`${field} fell`)
  if (!before.isOpen && after.isOpen) say('reopened')
  const hadFee = micro(before.numbers['actual_fee']) !== 0n
  if (!hadFee || before.fields['fee_currency'] === after.fields['fee_currency']) return
  const known = Number(before.fields['history_count'])
  for (const [index, entry] of Object.entries(after.numbers['history'] as object))
    if (Number(index) >= known && (entry as Record<string, unknown>)['actual_fee'] !== null)
      say('fees of two currencies in one step')
}

const neverNegative = [
  'price',
  'limit_price',
  'trigger_price',
  'actual_notion',
  'reserved_notion_left',
]

const requiredNumbers = [
  'amount',
  'fee_rate',
  'actual_filled',
  'actual_notion',
  'actual_fee',
  'initial_booked_notion',
  'reserved_notion_left',
  'initial_booked_fee',
  'reserved_fee_left',
  'history_count',
]

function checkHistory(
  order: Record<string, unknown>,
  filled: bigint,
  say: (what: string) => never,
): void {
  const history = order['history'] as Record<string, Record<string, unknown>>
  if (typeof history !== 'object' || history === null || Array.isArray(history)) say('history')
  const indexes = Object.keys(history).map(Number)
  const count = Number(text(order['history_count']))
  const first = count - indexes.length
  if (indexes.length === 0 || indexes.some((index, at) => index !== first + at)) say('history keys')
  let sum = 0n
  let notional = 0n
  let allTold = true
  for (const entry of Object.values(history)) {
    if (Object.keys(entry).sort().join() !== entryKeys.join()) say('history entry keys')
    if (!isTime(entry['ts'])) say('history ts')
    if (![...openStatuses, ...closedStatuses].includes(String(entry['status'])))
      say('history status')
    for (const key of entryKeys.filter((key) => !['ts', 'status', 'comment'].includes(key)))
      if (entry[key] !== null && !isDecimal(entry[key])) say(`history ${key}`)
    for (const key of ['price', 'amount_remain', 'actual_filled', 'actual_notion'])
      if (entry[key] !== null && text(entry[key]).startsWith('-')) say(`history ${key} is negative`)
    sum += entry['actual_filled'] === null ? 0n : micro(entry['actual_filled'])
    notional += entry['actual_notion'] === null ? 0n : micro(entry['actual_notion'])
    if (entry['actual_filled'] !== null && entry['actual_notion'] === null) allTold = false
  }
  if (first === 0 && allTold && notional !== micro(order['actual_notion']))
    say('notionals of the history do not add up')
  if (first === 0 && sum !== filled) say('fills of the history do not add up')
  if (Object.values(history).at(-1)!['status'] !== order['status']) say('last history status')
}

function isDecimal(value: unknown): value is LosslessNumber {
  return value instanceof LosslessNumber && decimal.test(value.value)
}

function isTime(value: unknown): boolean {
  return value instanceof LosslessNumber && /^[1-9][0-9]{11,13}$/.test(value.value)
}

/** In units of 1e-30: enough for every test, and exact. */
function micro(value: unknown): bigint {
  const [whole = '', fraction = ''] = text(value).split('.')
  const sign = whole.startsWith('-') ? -1n : 1n
  return sign * BigInt(whole.replace('-', '') + fraction.padEnd(30, '0'))
}

function text(value: unknown): string {
  if (value instanceof LosslessNumber) return value.value
  throw new Error(`no number: ${String(value)}`)
}

function plain(value: unknown): unknown {
  return value instanceof LosslessNumber ? value.value : value
}
