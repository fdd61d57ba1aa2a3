import type { PairduckError } from '../errors.ts'
import type { ReconcileResult } from './write/reconcile.ts'

/** The events of a {@link ValkeyMirror}, with what each tells. */
export interface MirrorEvents {
  /** Something could not be mirrored: INVALID_ORDER or INVALID_EVENT. */
  readonly refused: PairduckError
  /** A balance change came, which only a snapshot can settle. */
  readonly snapshotNeeded: undefined
  /** The server had lost data; what this writer knows was written again. */
  readonly rewritten: undefined
  /** A reconciliation has ended. */
  readonly reconciled: ReconcileResult
  /** Another writer took over: this one has ended. */
  readonly fenced: PairduckError
  /** The right to write was lost to nobody, and has been taken back (`run({ reopen: true })`). */
  readonly reopened: undefined
  /** A check or a source failed and will be tried again, or a listener threw. */
  readonly error: unknown
}

type Listener<Name extends keyof MirrorEvents> = (detail: MirrorEvents[Name]) => unknown

/** Listeners by event name; an event without listeners goes unheard and does no harm. */
export class MirrorListeners {
  readonly #byName: { [Name in keyof MirrorEvents]?: Set<Listener<Name>> } = {}

  on<Name extends keyof MirrorEvents>(name: Name, listener: Listener<Name>): () => void {
    const listeners: Set<Listener<Name>> = this.#byName[name] ?? new Set()
    Object.assign(this.#byName, { [name]: listeners.add(listener) })
    return () => {
      listeners.delete(listener)
    }
  }

  emit<Name extends keyof MirrorEvents>(name: Name, detail: MirrorEvents[Name]): void {
    for (const listener of this.#byName[name] ?? []) void this.#tell(name, listener, detail)
  }

  /**
   * A listener that throws or rejects is no failure of what told it, and must not end the process:
   * listeners of `error` hear of it; when one of these fails, nobody is left to tell.
   */
  async #tell<Name extends keyof MirrorEvents>(
    name: Name,
    listener: Listener<Name>,
    detail: MirrorEvents[Name],
  ): Promise<void> {
    await Promise.resolve()
    try {
      await listener(detail)
    } catch (error) {
      if (name !== 'error') this.emit('error', error)
    }
  }
}
