import { setTimeout as delay } from 'node:timers/promises'
import type { PairduckEvents } from '../storage/events/events.ts'
import { ownerPids, ownerSocketOf } from '../storage/file/owner-socket-path.ts'
import { isAlive } from '../storage/file/process-identity.ts'
import type { MarketStore } from '../storage/market-store.ts'
import { RemoteStore } from './remote/remote-store.ts'

/** How soon a process that begins to work on the directory is heard. */
const lookMs = 500

type Name = keyof PairduckEvents
type Listener = (...args: PairduckEvents[Name]) => void

/**
 * What the other processes of a data directory tell. It begins with the first listener. A process
 * that comes is heard from then on, and `reconnected` is told for it: what it stored before nobody
 * was told of.
 */
export class OwnerEvents {
  readonly #dataDir: string
  readonly #listeners: [name: Name, listener: Listener][] = []
  readonly #heard = new Map<number, RemoteStore>()
  /** Those that have not answered yet. */
  readonly #asked = new Map<number, RemoteStore>()
  readonly #stop = new AbortController()
  #looking: Promise<void> | undefined

  constructor(dataDir: string) {
    this.#dataDir = dataDir
  }

  on(name: Name, listener: Listener): void {
    this.#listeners.push([name, listener])
    for (const store of this.#heard.values()) store.on(name, listener)
    this.#looking ??= this.#look()
  }

  off(name: Name, listener: Listener): void {
    const at = this.#listeners.findIndex((each) => each[0] === name && each[1] === listener)
    if (at >= 0) this.#listeners.splice(at, 1)
    for (const store of this.#heard.values()) store.off(name, listener)
  }

  async close(): Promise<void> {
    this.#stop.abort()
    const stores = [...this.#asked.values(), ...this.#heard.values()]
    await Promise.all(stores.map((store) => store.close()))
    await this.#looking
  }

  /** Looks who works on the directory, again and again. */
  async #look(): Promise<void> {
    const { signal } = this.#stop
    for (let awayMs = 0; !signal.aborted; awayMs = lookMs) {
      const pids = (await ownerPids(this.#dataDir)).filter(
        (pid) => pid !== process.pid && isAlive(pid),
      )
      for (const [pid, store] of this.#heard)
        if (!pids.includes(pid)) {
          this.#heard.delete(pid)
          await store.close()
        }
      // One that was stopped answers nobody; the others are heard meanwhile.
      for (const pid of pids)
        if (!this.#heard.has(pid) && !this.#asked.has(pid)) void this.#hear(pid, awayMs)
      await delay(lookMs, undefined, { signal, ref: false }).catch(() => undefined)
    }
  }

  /** One that keeps no socket, or does not answer yet, is looked at again. */
  async #hear(pid: number, awayMs: number): Promise<void> {
    const findSocket = () => ownerSocketOf(this.#dataDir, pid)
    const store = new RemoteStore({ findSocket }, { reconnectMs: 0 })
    this.#asked.set(pid, store)
    try {
      await store.hello()
      if (this.#stop.signal.aborted) return
      this.#heard.set(pid, store)
      for (const [name, listener] of this.#listeners) store.on(name, listener)
      // A call behind `on` waits until events are told.
      await store.stats().catch(() => undefined)
      store.tell('reconnected', { awayMs })
    } catch {
      await store.close()
    } finally {
      this.#asked.delete(pid)
    }
  }
}

/** The store as it is, but who listens to it hears the other processes of its directory too. */
export function hearingOwners<Store extends MarketStore>(store: Store, others: OwnerEvents): Store {
  const instead: Partial<Record<PropertyKey, unknown>> = {
    on: (name: Name, listener: Listener): void => {
      store.on(name, listener)
      others.on(name, listener)
    },
    off: (name: Name, listener: Listener): void => {
      store.off(name, listener)
      others.off(name, listener)
    },
  }
  return new Proxy(store, {
    get: (target, name) => instead[name] ?? Reflect.get(target, name, target),
  })
}
