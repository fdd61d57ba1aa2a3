/** A text that is longer has a slab of its own. */
const slabBytes = 65_536
const lengthBytes = 4

interface Slab {
  readonly bytes: Buffer
  /** Texts in it that are still there. */
  used: number
}

interface Place {
  readonly slab: Slab
  readonly at: number
}

/**
 * Texts by name, as bytes in slabs that are used again and again: the garbage collector neither
 * walks them nor has to run before their memory can be taken anew.
 */
export class PackedTexts {
  #places = new Map<string, Place>()
  /** Slabs that wait to be used again. */
  #empty: Slab[] = []
  #heldBytes = 0
  #textBytes = 0
  #slab: Slab | undefined
  #at = 0

  get size(): number {
    return this.#places.size
  }

  /** Memory that is held for texts, in bytes. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  has(name: string): boolean {
    return this.#places.has(name)
  }

  get(name: string): string | undefined {
    const place = this.#places.get(name)
    if (place === undefined) return undefined
    const { slab, at } = place
    const from = at + lengthBytes
    return slab.bytes.toString('utf8', from, from + slab.bytes.readUInt32LE(at))
  }

  /** Those that were set first come first. */
  names(): IterableIterator<string> {
    return this.#places.keys()
  }

  set(name: string, text: string): void {
    this.delete(name)
    this.#put(name, text)
    // A few texts that stay would else keep all the slabs that they are scattered over.
    if (this.#heldBytes > 4 * slabBytes + 3 * this.#textBytes) this.#repack()
  }

  delete(name: string): void {
    const place = this.#places.get(name)
    if (place === undefined) return
    this.#places.delete(name)
    const { slab, at } = place
    this.#textBytes -= slab.bytes.readUInt32LE(at) + lengthBytes
    slab.used -= 1
    if (slab.used === 0 && slab !== this.#slab) this.#letGo(slab)
  }

  #put(name: string, text: string): void {
    const bytes = Buffer.byteLength(text)
    const slab = this.#slabFor(bytes + lengthBytes)
    slab.bytes.writeUInt32LE(bytes, this.#at)
    slab.bytes.write(text, this.#at + lengthBytes)
    slab.used += 1
    this.#places.set(name, { slab, at: this.#at })
    this.#at += bytes + lengthBytes
    this.#textBytes += bytes + lengthBytes
  }

  /** The slab that is being filled, or the next one. */
  #slabFor(bytes: number): Slab {
    const current = this.#slab
    if (current !== undefined && this.#at + bytes <= current.bytes.length) return current
    const next = bytes > slabBytes ? undefined : this.#empty.pop()
    const slab = next ?? { bytes: Buffer.allocUnsafeSlow(Math.max(slabBytes, bytes)), used: 0 }
    if (next === undefined) this.#heldBytes += slab.bytes.length
    this.#slab = slab
    this.#at = 0
    if (current?.used === 0) this.#letGo(current)
    return slab
  }

  #letGo(slab: Slab): void {
    if (slab.bytes.length === slabBytes) this.#empty.push(slab)
    else this.#heldBytes -= slab.bytes.length
  }

  #repack(): void {
    const texts = [...this.#places.keys()].map((name) => [name, this.get(name)!] as const)
    this.#places = new Map()
    this.#empty = []
    this.#heldBytes = 0
    this.#textBytes = 0
    this.#slab = undefined
    for (const [name, text] of texts) this.#put(name, text)
  }
}
