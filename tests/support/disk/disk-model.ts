import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { DiskCall } from './recording.ts'

const sectorBytes = 512

/** How names become durable: in their order with any sync, or each folder's by its own sync only. */
export type NameRule = 'in order' | 'by folder'

type Random = () => number

/** A file's content now, what of it is durable, and what was written since its last sync. */
interface Inode {
  current: Buffer
  durable: Buffer
  pending: ({ at: number; data: Buffer } | { size: number })[]
}

/** A name in a folder that was set to a file (or folder) or removed. */
interface NameChange {
  readonly path: string
  readonly inode: Inode | 'folder' | undefined
  durable: boolean
}

/**
 * A disk that carries out recorded calls and can say what would be found on it after the process
 * was killed, or the power lost, at this moment.
 */
export class DiskModel {
  readonly #names = new Map<string, Inode | 'folder'>()
  readonly #changes: NameChange[] = []
  readonly #rule: NameRule

  constructor(rule: NameRule = 'in order') {
    this.#rule = rule
  }

  /** Carries out a call. */
  apply(call: DiskCall): void {
    const { kind, path, to } = call
    if (kind === 'create') this.#setName(path, emptyInode())
    else if (kind === 'mkdir') this.#setName(path, 'folder')
    else if (kind === 'unlink' || kind === 'rmdir') this.#setName(path, undefined)
    else if (kind === 'link') this.#setName(to, this.#names.get(path))
    else if (kind === 'rename') {
      const moved = this.#names.get(path)
      this.#setName(path, undefined)
      this.#setName(to, moved)
    } else if (kind === 'write') this.#write(path, call.offset, call.data)
    else if (kind === 'truncate') this.#truncate(path, call.offset)
    else this.#sync(path)
  }

  /** Has the first bytes of a write done while `work` looks at the disk, and then as if they were not. */
  async withPart(call: DiskCall, bytes: number, work: () => Promise<void>): Promise<void> {
    const inode = this.#file(call.path)
    const { current, pending } = inode
    inode.pending = [...pending]
    this.#write(call.path, call.offset, call.data.subarray(0, bytes))
    try {
      await work()
    } finally {
      Object.assign(inode, { current, pending })
    }
  }

  /** What a file of that name holds now. */
  content(path: string): Buffer | undefined {
    const inode = this.#names.get(path)
    return inode === 'folder' ? undefined : inode?.current
  }

  /** What a killed process leaves: all that it did. */
  afterKill(folder: string): void {
    for (const [path, inode] of this.#names) put(folder, path, inode, (of) => of.current)
  }

  /** What a lost power leaves: what is durable, and of the rest whatever the dice say. */
  afterPowerLoss(folder: string, random: Random): void {
    const names = new Map<string, Inode | 'folder'>()
    for (const { path, inode } of this.#survivingChanges(random))
      if (inode === undefined) names.delete(path)
      else names.set(path, inode)
    const contents = new Map<Inode, Buffer>()
    for (const [path, inode] of names) {
      if (!hasParents(path, names)) continue
      put(folder, path, inode, (of) => {
        if (!contents.has(of)) contents.set(of, survivingContent(of, random))
        return contents.get(of)!
      })
    }
  }

  #survivingChanges(random: Random): NameChange[] {
    if (this.#rule === 'in order') {
      const pending = this.#changes.filter(({ durable }) => !durable).length
      let more = Math.floor(random() * (pending + 1))
      return this.#changes.filter(({ durable }) => durable || more-- > 0)
    }
    const left = new Map<string, number>()
    for (const { path, durable } of this.#changes)
      if (!durable) left.set(dirname(path), (left.get(dirname(path)) ?? 0) + 1)
    for (const [parent, count] of left) left.set(parent, Math.floor(random() * (count + 1)))
    return this.#changes.filter(({ path, durable }) => {
      if (durable) return true
      const parent = dirname(path)
      left.set(parent, left.get(parent)! - 1)
      return left.get(parent)! >= 0
    })
  }

  #setName(path: string, inode: Inode | 'folder' | undefined): void {
    if (inode === undefined) this.#names.delete(path)
    else this.#names.set(path, inode)
    this.#changes.push({ path, inode, durable: false })
  }

  #file(path: string): Inode {
    const inode = this.#names.get(path)
    if (inode === undefined || inode === 'folder') throw new Error(`${path} is no file`)
    return inode
  }

  #write(path: string, at: number, data: Buffer): void {
    const inode = this.#file(path)
    inode.current = written(inode.current, at, data)
    inode.pending.push({ at, data })
  }

  #truncate(path: string, size: number): void {
    const inode = this.#file(path)
    inode.current = sized(inode.current, size)
    inode.pending.push({ size })
  }

  #sync(path: string): void {
    const inode = path === '' ? 'folder' : (this.#names.get(path) ?? 'folder')
    if (inode !== 'folder') {
      inode.durable = inode.current
      inode.pending = []
    }
    for (const change of this.#changes)
      if (
        this.#rule === 'in order' ||
        (inode === 'folder' && dirname(change.path) === (path || '.'))
      )
        change.durable = true
  }
}

function emptyInode(): Inode {
  return { current: Buffer.alloc(0), durable: Buffer.alloc(0), pending: [] }
}

/** Each sector of what was not synced is there or not; the size may be ahead of the content. */
function survivingContent({ durable, pending, current }: Inode, random: Random): Buffer {
  let content = durable
  // Sometimes all of it is lost, or nothing: the ends are where faults hide.
  const chance = [0, 0.5, 0.9, 1][Math.floor(random() * 4)]!
  for (const change of pending) {
    if ('size' in change) {
      if (random() < chance) content = sized(content, change.size)
      continue
    }
    const { at, data } = change
    for (let from = at; from < at + data.length;) {
      const to = Math.min(at + data.length, (Math.floor(from / sectorBytes) + 1) * sectorBytes)
      if (random() < chance) content = written(content, from, data.subarray(from - at, to - at))
      from = to
    }
  }
  return random() < 0.3 && content.length < current.length
    ? sized(content, current.length)
    : content
}

function written(content: Buffer, at: number, data: Buffer): Buffer {
  const whole = Buffer.alloc(Math.max(content.length, at + data.length))
  content.copy(whole)
  data.copy(whole, at)
  return whole
}

function sized(content: Buffer, size: number): Buffer {
  const whole = Buffer.alloc(size)
  content.copy(whole)
  return whole
}

function hasParents(path: string, names: ReadonlyMap<string, unknown>): boolean {
  for (let parent = dirname(path); parent !== '.'; parent = dirname(parent))
    if (!names.has(parent)) return false
  return true
}

function put(
  folder: string,
  path: string,
  inode: Inode | 'folder',
  content: (inode: Inode) => Buffer,
): void {
  const target = join(folder, path)
  if (inode === 'folder') mkdirSync(target, { recursive: true })
  else {
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, content(inode))
  }
}
