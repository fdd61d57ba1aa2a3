import { PackedTexts } from './packed-texts.ts'
import type { Packing } from './packing.ts'

/**
 * So many are packed or forgotten at a time: finding a map's oldest walks over all that are gone.
 * Up to two batches stay as they are: more would outlive two collections.
 */
const batch = 100

/** What a cache holds and what it tells. */
export interface PackedCacheOptions<T> {
  /** As many of the newest are remembered, and at most a hundred more. */
  readonly max: number
  readonly packing: Packing<T>
  /** Told of each that is forgotten because newer ones came, as it is packed. */
  readonly onForgotten?: (packed: string) => void
}

/**
 * The newest values by their names, those written last. All but the last hundreds are kept as
 * bytes, which the garbage collector need not walk: as objects, 10,000 orders and their trades made
 * a writer's heap four times as large as they are, for that is how far it grows between two
 * collections.
 */
export class PackedCache<T extends object> {
  /**
   * The last two batches, the oldest first. A map that lives on while its entries come and go is
   * copied again and again among what is collected rarely, and all that its copies name stays.
   */
  #older = new Map<string, T>()
  #newer = new Map<string, T>()
  readonly #packed = new PackedTexts()
  readonly #options: PackedCacheOptions<T>

  constructor(options: PackedCacheOptions<T>) {
    this.#options = options
  }

  get size(): number {
    return this.#older.size + this.#newer.size + this.#packed.size
  }

  has(name: string): boolean {
    return this.#newer.has(name) || this.#older.has(name) || this.#packed.has(name)
  }

  /** Reading makes nothing newer. */
  get(name: string): T | undefined {
    return this.#newer.get(name) ?? this.#older.get(name) ?? this.#unpack(name)
  }

  set(name: string, value: T): void {
    this.delete(name)
    this.#newer.set(name, value)
    if (this.#newer.size >= batch) this.#packOlder()
    if (this.size > this.#options.max + batch) this.#forgetOldest()
  }

  delete(name: string): void {
    // It stands in one of them only.
    if (!this.#newer.delete(name) && !this.#older.delete(name)) this.#packed.delete(name)
  }

  /** All that are there now, the oldest first; they may be set again meanwhile. */
  *entries(): Generator<readonly [name: string, value: T]> {
    const names = [...this.#packed.names(), ...this.#older.keys(), ...this.#newer.keys()]
    for (const name of names) {
      const value = this.get(name)
      if (value !== undefined) yield [name, value]
    }
  }

  /** {@link entries} without their names. */
  *values(): Generator<T> {
    for (const [, value] of this.entries()) yield value
  }

  #packOlder(): void {
    const { pack } = this.#options.packing
    for (const [name, value] of this.#older) this.#packed.set(name, pack(value))
    this.#older = this.#newer
    this.#newer = new Map()
  }

  #forgetOldest(): void {
    const { onForgotten } = this.#options
    let left = batch
    for (const name of this.#packed.names()) {
      onForgotten?.(this.#packed.get(name)!)
      this.#packed.delete(name)
      if (--left === 0) return
    }
  }

  #unpack(name: string): T | undefined {
    const text = this.#packed.get(name)
    return text === undefined ? undefined : this.#options.packing.unpack(text)
  }
}
