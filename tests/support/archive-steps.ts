import type { ArchiveStore } from '../../src/archive/store/archive-store.ts'

/** A store that calls `step` before and after everything that it does: to break off at any of them. */
export function stepping(store: ArchiveStore, step: (name: string) => void): ArchiveStore {
  const around = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    step(`before ${name}`)
    const result = await work()
    step(`after ${name}`)
    return result
  }
  return {
    place: store.place,
    draft: (path) => around('draft', () => store.draft(path)),
    keep: (draft, path) => around('keep', () => store.keep(draft, path)),
    open: (path) => around('open', () => store.open(path)),
    remove: (path) => around('remove', () => store.remove(path)),
  }
}
