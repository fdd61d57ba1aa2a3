/**
 * Where archived rows lie: a tree of Parquet files. A path is relative to its root and has `/`
 * between folders. What {@link keep} has kept is whole and durable under its name; writing the same
 * path again replaces it. A signal breaks off what the store waits for (`ABORTED`); one that answers at
 * once need not look at it.
 */
export interface ArchiveStore {
  /** The root as text: a folder, or `s3://bucket/prefix`. */
  readonly place: string
  /** Where on this machine a part is to be written before it is kept; nothing of that name is there. */
  draft(path: string): Promise<string>
  /** Puts a whole draft under its name, durably; the draft is gone then. */
  keep(draft: string, path: string, signal?: AbortSignal): Promise<void>
  /** A file on this machine with a kept part's bytes; `bytes` is how many there have to be. */
  open(path: string, bytes?: number, signal?: AbortSignal): Promise<string>
  /** Removes a part, and what a broken-off attempt to write it left; nothing there is no error. */
  remove(path: string, signal?: AbortSignal): Promise<void>
}
