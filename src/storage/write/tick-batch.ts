import { PairduckError } from '../../errors.ts'
import { unknownField } from '../../schema/row-fields.ts'
import { microsFromMs } from '../../time.ts'
import { copyRows, grown } from '../duckdb/columns-of-ticks.ts'
import type { PackedIds } from '../duckdb/packed-ids.ts'
import { tickColumns, type CheckedTicks } from './checked-ticks.ts'
import { refuseTick, refuseUnknownField, tickFault, type TickColumns } from './tick.ts'
import { withoutFloats } from './float-columns.ts'
import type { Tick } from '../../schema/rows.ts'

const none = new Float64Array(0)
const noSides = new Uint8Array(0)

/**
 * Ticks on their way into one commit, by column. Calls append to it. A call with a bad tick is
 * rejected whole, and the ticks of other calls stay.
 */
export class TickBatch {
  length = 0
  micros: Float64Array = none
  price: Float64Array = none
  volume: Float64Array = none
  /** 0 = BUY, 1 = SELL: the order of the ENUM. */
  side: Uint8Array = noSides
  #ids: (string | null)[] = []
  /** Whose arrays these are, as long as nothing is changed in them. */
  #lender: CheckedTicks | undefined

  get ids(): readonly (string | null)[] {
    return this.#lender?.ids ?? this.#ids
  }

  get packed(): PackedIds | undefined {
    return this.#lender?.packed
  }

  /** Appends a call's ticks, all or none; throws INVALID_TICK. */
  append(ticks: readonly Tick[] | TickColumns, latest: number): void {
    this.#own()
    const start = this.length
    try {
      if (Array.isArray(ticks)) this.#appendRows(ticks as readonly Tick[], latest)
      else this.#appendColumns(ticks as TickColumns, latest)
    } catch (error) {
      this.length = start
      this.#ids.length = start
      throw error
    }
  }

  /** Appends ticks that were checked already; the first of all are only borrowed. */
  adopt(ticks: CheckedTicks): void {
    const { length } = this
    if (length === 0) {
      this.#lender = ticks
      this.length = ticks.length
      this.micros = ticks.micros
      this.price = ticks.price
      this.volume = ticks.volume
      this.side = ticks.side
      return
    }
    this.#own()
    this.#reserve(ticks.length)
    copyRows(ticks, this, length)
    for (const id of ticks.ids) this.#ids.push(id)
    this.length = length + ticks.length
  }

  /** Takes everything out, to be filled again. */
  clear(): void {
    this.#own()
    this.length = 0
    this.#ids = []
  }

  /** Keeps the rows whose outcome is `kept`, in order. */
  compact(outcomes: Uint8Array, kept: number): void {
    this.#own()
    let to = 0
    for (let from = 0; from < this.length; from++) {
      if (outcomes[from] !== kept) continue
      this.micros[to] = this.micros[from]!
      this.price[to] = this.price[from]!
      this.volume[to] = this.volume[from]!
      this.side[to] = this.side[from]!
      this.#ids[to] = this.#ids[from]!
      to++
    }
    this.length = to
    this.#ids.length = to
  }

  /** Before anything is changed: what was borrowed stays as it is. */
  #own(): void {
    const lender = this.#lender
    if (lender === undefined) return
    this.#lender = undefined
    this.micros = lender.micros.slice()
    this.price = lender.price.slice()
    this.volume = lender.volume.slice()
    this.side = lender.side.slice()
    this.#ids = [...lender.ids]
  }

  #appendRows(ticks: readonly Tick[], latest: number): void {
    this.#reserve(ticks.length)
    for (let index = 0; index < ticks.length; index++) {
      const tick = ticks[index]
      if (typeof tick !== 'object' || tick === null)
        throw new TypeError(
          `tick ${index}: expected an object, got ${tick === null ? 'null' : typeof tick}`,
        )
      refuseUnknownField(index, tick)
      this.#push(
        index,
        tick.timestamp,
        tick.price,
        tick.volume,
        tick.side,
        tick.tradeId,
        latest,
        tick,
      )
    }
  }

  #appendColumns(columns: TickColumns, latest: number): void {
    const { timestamp, price, volume, side, tradeId } = checkedColumns(columns)
    this.#reserve(timestamp.length)
    for (let index = 0; index < timestamp.length; index++)
      this.#push(
        index,
        timestamp[index],
        price[index],
        volume[index],
        side[index],
        tradeId?.[index],
        latest,
      )
  }

  #push(
    index: number,
    timestamp: unknown,
    price: unknown,
    volume: unknown,
    side: unknown,
    tradeId: unknown,
    latest: number,
    given?: object,
  ): void {
    const fault = tickFault(timestamp, price, volume, side, tradeId, latest)
    if (fault !== undefined) refuseTick(index, fault, given)
    const at = this.length++
    this.micros[at] = microsFromMs(timestamp as number)
    this.price[at] = price as number
    this.volume[at] = volume as number
    this.side[at] = side === 'BUY' ? 0 : 1
    this.#ids.push((tradeId as string | null | undefined) ?? null)
  }

  #reserve(more: number): void {
    const needed = this.length + more
    if (needed <= this.price.length) return
    // The first call makes it as large as itself: most batches are of one call.
    const capacity = Math.max(needed, this.price.length * 2)
    this.micros = grown(this.micros, new Float64Array(capacity))
    this.price = grown(this.price, new Float64Array(capacity))
    this.volume = grown(this.volume, new Float64Array(capacity))
    this.side = grown(this.side, new Uint8Array(capacity))
  }
}

/** A call's ticks, checked, in arrays of our own: what the caller does to his is not seen any more. */
export function ownTicks(ticks: readonly Tick[] | TickColumns, latest: number): TickColumns {
  const batch = new TickBatch()
  batch.append(ticks, latest)
  return tickColumns(batch)
}

function checkedColumns(columns: TickColumns): TickColumns {
  if (typeof columns !== 'object' || columns === null)
    throw new TypeError('expected an array of ticks, or their columns')
  const unknown = unknownField('ticks', columns)
  if (unknown !== undefined)
    throw new PairduckError('INVALID_TICK', `columns of ticks: ${unknown.reason}`, {
      field: unknown.field,
    })
  const length = columns.timestamp?.length
  for (const name of ['timestamp', 'price', 'volume', 'side', 'tradeId'] as const) {
    const column = columns[name]
    if (name === 'tradeId' && column === undefined) continue
    if (typeof column !== 'object' || column === null || column.length !== length)
      throw new TypeError(
        `columns of ticks: \`${name}\` is not an array as long as \`timestamp\` (${length})`,
      )
  }
  const { side, tradeId } = columns
  return {
    timestamp: withoutFloats('timestamp', columns.timestamp),
    price: withoutFloats('price', columns.price),
    volume: withoutFloats('volume', columns.volume),
    side,
    tradeId,
  }
}
