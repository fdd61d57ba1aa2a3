import { PackedTexts } from './packed-texts.ts'
import type { Packing } from './packing.ts'

/** As many stay as they are: more would outlive two collections, and be walked by each after that. */
const maxUnpacked = 200
/** So many are packed or forgotten at a time: finding a map's oldest walks over all that are gone. */
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
  /** The oldest first. */
  readonly #unpacked = new Map<string, T>()
  readonly #packed = new PackedTexts()
  readonly #options: PackedCacheOptions<T>

  constructor(options: PackedCacheOptions<T>) {
    this.#options = options
  }

  get size(): number {
    return this.#unpacked.size + this.#packed.size
  }

  has(name: string): boolean {
    return this.#unpacked.has(name) || this.#packed.has(name)
  }

  /** Reading makes nothing newer. */
  get(name: string): T | undefined {
    return this.#unpacked.get(name) ?? this.#unpack(name)
  }

  set(name: string, value: T): void {
    this.delete(name)
    this.#unpacked.set(name, value)
    if (this.#unpacked.size > maxUnpacked) this.#packOldest()
    if (this.size > this.#options.max + batch) this.#forgetOldest()
  }

  delete(name: string): void {
    // What is unpacked is not packed as well.
    if (!this.#unpacked.delete(name)) this.#packed.delete(name)
  }

  /** All that are there now, the oldest first; they may be set again meanwhile. */
  *entries(): Generator<readonly [name: string, value: T]> {
    for (const name of [...this.#packed.names(), ...this.#unpacked.keys()]) {
      const value = this.get(name)
      if (value !== undefined) yield [name, value]
    }
  }

  /** {@link entries} without their names. */
  *values(): Generator<T> {
    for (const [, value] of this.entries()) yield value
  }

  #packOldest(): void {
    const { pack } = this.#options.packing
    let left = batch
    for (const [name, value] of this.#unpacked) {
      this.#unpacked.delete(name)
      this.#packed.set(name, pack(value))
      if (--left === 0) return
    }
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
