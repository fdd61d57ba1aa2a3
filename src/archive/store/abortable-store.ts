import { PairduckError } from '../../errors.ts'
import type { ArchiveStore } from './archive-store.ts'

/** The same store, of which whatever it is at is broken off by the signal, and nothing begun after it. */
export function abortableStore(store: ArchiveStore, signal: AbortSignal): ArchiveStore {
  const unlessAborted = async <T>(work: () => Promise<T>): Promise<T> => {
    if (signal.aborted)
      throw new PairduckError('ABORTED', `${store.place}: the work on it was aborted`, {
        cause: signal.reason,
      })
    return work()
  }
  return {
    place: store.place,
    draft: (path) => unlessAborted(() => store.draft(path)),
    keep: (draft, path) => unlessAborted(() => store.keep(draft, path, signal)),
    open: (path, bytes) => unlessAborted(() => store.open(path, bytes, signal)),
    remove: (path) => unlessAborted(() => store.remove(path, signal)),
  }
}
