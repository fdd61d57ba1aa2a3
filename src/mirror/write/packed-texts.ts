/** A text that is longer has a slab of its own. */
const slabBytes = 65_536
const lengthBytes = 4
/** No character takes more in UTF-8. */
const maxCharBytes = 3

interface Slab {
  bytes: Buffer
  /** Texts in it that are still there. */
  used: number
}

/**
 * Texts by name, as bytes in slabs that are used again and again: the garbage collector neither
 * walks them nor has to run before their memory can be taken anew.
 */
export class PackedTexts {
  /** Where each text begins: the number of its slab times the slab's size, and the place in it. */
  #places = new Map<string, number>()
  #slabs: Slab[] = []
  /** Numbers of slabs that wait to be used again. */
  #empty: number[] = []
  #heldBytes = 0
  #textBytes = 0
  /** The slab that is being filled, and how far. */
  #filling = -1
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
    const at = place % slabBytes
    const { bytes } = this.#slabOf(place)
    const from = at + lengthBytes
    return bytes.toString('utf8', from, from + bytes.readUInt32LE(at))
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
    const slab = this.#slabOf(place)
    this.#textBytes -= slab.bytes.readUInt32LE(place % slabBytes) + lengthBytes
    slab.used -= 1
    const index = Math.floor(place / slabBytes)
    if (slab.used === 0 && index !== this.#filling) this.#letGo(index)
  }

  #slabOf(place: number): Slab {
    return this.#slabs[Math.floor(place / slabBytes)]!
  }

  #put(name: string, text: string): void {
    const slab = this.#slabFor(text)
    const at = this.#at
    const written = slab.bytes.write(text, at + lengthBytes)
    slab.bytes.writeUInt32LE(written, at)
    slab.used += 1
    this.#places.set(name, this.#filling * slabBytes + at)
    this.#at += written + lengthBytes
    this.#textBytes += written + lengthBytes
  }

  /** The slab that is being filled, or the next one. */
  #slabFor(text: string): Slab {
    const filling = this.#slabs[this.#filling]
    const most = text.length * maxCharBytes + lengthBytes
    if (filling !== undefined && this.#at + most <= filling.bytes.length) return filling
    // Only near a slab's end it has to be known exactly.
    const bytes = Buffer.byteLength(text) + lengthBytes
    if (filling !== undefined && this.#at + bytes <= filling.bytes.length) return filling
    const before = this.#filling
    this.#filling = this.#nextSlab(bytes)
    this.#at = 0
    if (filling?.used === 0) this.#letGo(before)
    return this.#slabs[this.#filling]!
  }

  /** The number of a slab with room for so many bytes: an empty one, or a new one. */
  #nextSlab(bytes: number): number {
    const index = this.#empty.pop() ?? this.#slabs.push({ bytes: noBytes, used: 0 }) - 1
    const slab = this.#slabs[index]!
    const wanted = Math.max(slabBytes, bytes)
    if (slab.bytes.length < wanted) {
      this.#heldBytes += wanted - slab.bytes.length
      slab.bytes = Buffer.allocUnsafeSlow(wanted)
    }
    return index
  }

  #letGo(index: number): void {
    const slab = this.#slabs[index]!
    this.#empty.push(index)
    if (slab.bytes.length === slabBytes) return
    this.#heldBytes -= slab.bytes.length
    slab.bytes = noBytes
  }

  #repack(): void {
    const texts = [...this.#places.keys()].map((name) => [name, this.get(name)!] as const)
    this.#places = new Map()
    this.#slabs = []
    this.#empty = []
    this.#heldBytes = 0
    this.#textBytes = 0
    this.#filling = -1
    for (const [name, text] of texts) this.#put(name, text)
  }
}

const noBytes = Buffer.alloc(0)
