import { LRUCache } from 'lru-cache'
import { PackedTexts } from './packed-texts.ts'

/** As many stay as they are: more would outlive two collections, and be walked by each after that. */
const maxUnpacked = 100

/** What a cache holds and what it tells. */
export interface PackedCacheOptions<T> {
  /** The most values that are remembered. */
  readonly max: number
  /** Told of each that is forgotten because newer ones came. */
  readonly onForgotten?: (value: T) => void
}

/**
 * The newest values by their names, those written last. All but the last hundred are kept as
 * bytes, which the garbage collector need not walk: as objects, 10,000 orders and their trades made
 * a writer's heap four times as large as they are, for that is how far it grows between two
 * collections. Values are what JSON can carry.
 */
export class PackedCache<T extends object> {
  readonly #unpacked: LRUCache<string, T>
  readonly #packed = new PackedTexts()
  readonly #options: PackedCacheOptions<T>

  constructor(options: PackedCacheOptions<T>) {
    this.#options = options
    this.#unpacked = new LRUCache({
      max: maxUnpacked,
      dispose: (value, name, reason) => {
        if (reason === 'evict') this.#pack(name, value)
      },
    })
  }

  get size(): number {
    return this.#unpacked.size + this.#packed.size
  }

  has(name: string): boolean {
    return this.#unpacked.has(name) || this.#packed.has(name)
  }

  /** Reading makes nothing newer. */
  get(name: string): T | undefined {
    return this.#unpacked.peek(name) ?? this.#unpack(name)
  }

  set(name: string, value: T): void {
    this.#packed.delete(name)
    this.#unpacked.set(name, value)
  }

  delete(name: string): void {
    this.#packed.delete(name)
    this.#unpacked.delete(name)
  }

  /** All that are there now, the oldest first; they may be set again meanwhile. */
  *values(): Generator<T> {
    for (const name of [...this.#packed.names(), ...this.#unpacked.rkeys()]) {
      const value = this.get(name)
      if (value !== undefined) yield value
    }
  }

  #pack(name: string, value: T): void {
    const { max, onForgotten } = this.#options
    this.#packed.set(name, JSON.stringify(value))
    if (this.#packed.size <= max - maxUnpacked) return
    const [oldest = name] = this.#packed.names()
    const forgotten = this.#unpack(oldest)
    this.#packed.delete(oldest)
    if (forgotten !== undefined) onForgotten?.(forgotten)
  }

  #unpack(name: string): T | undefined {
    const text = this.#packed.get(name)
    return text === undefined ? undefined : (JSON.parse(text) as T)
  }
}
