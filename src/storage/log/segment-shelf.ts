import { pageBytes, Segment } from './segment.ts'

const smallestBytes = 1 << 18
const largestBytes = 1 << 24
/**
 * A segment that is full sooner than this was too small, one that lasts longer than that too large. To make
 * one takes a few milliseconds, beside the calls; and there are two or more of them at any time.
 */
const shortLifeMs = 100
const longLifeMs = 30_000
/** Files of which nothing is needed any more, kept for the next segments. */
const maxSpare = 2
/** Full segments beyond this are looked at for records that can be moved. */
const maxFull = 8

/**
 * The segments of a log: the one that is written to, the next one, made while there is time, those
 * that are full, and some that can be used again. A quiet log takes a quarter of a megabyte, a busy
 * one has segments of 16.
 */
export class SegmentShelf {
  readonly #folder: string
  #nextNumber = 1
  #bytes = smallestBytes
  #active: Segment | undefined
  #activeSince = 0
  #next: Promise<Segment | undefined> | undefined
  #spare: Segment[] = []
  readonly #full = new Set<Segment>()
  /** Files that are being removed. */
  readonly #leaving = new Set<Promise<void>>()
  #closed = false

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Where `bytes` are to be appended, the first of them the record at `position`. */
  async segmentFor(bytes: number, position: number): Promise<Segment> {
    let active = this.#active
    if (active === undefined || active.room < bytes) {
      // Where there is no room for a new one, the old one still has some for smaller groups.
      const next = await this.#takeNext(bytes)
      if (active !== undefined) this.#fill(active)
      active = next
      active.first = position
      this.#active = active
      this.#activeSince = performance.now()
    }
    if (active.room - bytes < active.bytes / 2) this.#next ??= this.#make(0).catch(() => undefined)
    return active
  }

  /** Nothing of a segment is needed any more. */
  retire(segment: Segment): void {
    if (segment === this.#active || !this.#full.delete(segment)) return
    if (!this.#closed && segment.bytes === this.#bytes && this.#spare.length < maxSpare)
      this.#spare.push(segment)
    else this.#remove(segment)
  }

  /** A write into it failed. */
  leave(segment: Segment): void {
    if (segment === this.#active) this.#active = undefined
  }

  /** A full segment that few records keep, when there are many such. */
  crowded(): Segment | undefined {
    if (this.#full.size <= maxFull) return undefined
    for (const segment of this.#full) if (segment.live.bytes < segment.used / 4) return segment
    return undefined
  }

  /** Closes all files; says whether nothing is needed of any. */
  async close(): Promise<boolean> {
    this.#closed = true
    const next = await this.#next
    const segments = [this.#active, next, ...this.#spare, ...this.#full].filter(
      (segment) => segment !== undefined,
    )
    const isEmpty = segments.every(({ live }) => live.size === 0)
    for (const segment of segments) await segment.close()
    await Promise.all(this.#leaving)
    return isEmpty
  }

  #fill(segment: Segment): void {
    const lifeMs = performance.now() - this.#activeSince
    if (lifeMs < shortLifeMs) this.#bytes = Math.min(largestBytes, this.#bytes * 2)
    else if (lifeMs > longLifeMs) this.#bytes = Math.max(smallestBytes, this.#bytes / 4)
    this.#active = undefined
    this.#full.add(segment)
    if (segment.live.size === 0) this.retire(segment)
  }

  async #takeNext(bytes: number): Promise<Segment> {
    const prepared = await this.#next
    this.#next = undefined
    if (prepared === undefined) return this.#make(bytes)
    if (prepared.room >= bytes) return prepared
    // It has to be gone before there is a later one: it would be taken for one that was spoiled.
    await prepared.remove()
    return this.#make(bytes)
  }

  async #make(bytes: number): Promise<Segment> {
    const size = Math.max(this.#bytes, Math.ceil(bytes / smallestBytes) * smallestBytes)
    const old = this.#spare.find((spare) => spare.bytes >= size)
    if (old !== undefined) {
      this.#spare = this.#spare.filter((spare) => spare !== old)
      return Segment.reuse(old, this.#nextNumber++)
    }
    try {
      return await Segment.create(this.#folder, this.#nextNumber++, size)
    } catch (error) {
      // On a disk that is nearly full what is needed now may still fit.
      const needed = Math.ceil(bytes / pageBytes) * pageBytes
      if (needed === 0 || needed >= size) throw error
      return Segment.create(this.#folder, this.#nextNumber++, needed)
    }
  }

  #remove(segment: Segment): void {
    // A file that stays is found and removed when its log is.
    const removing = segment.remove().catch(() => undefined)
    this.#leaving.add(removing)
    void removing.then(() => this.#leaving.delete(removing))
  }
}
