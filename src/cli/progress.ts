import { SingleBar } from 'cli-progress'
import type { Terminal } from './terminal.ts'

/** How far a long job is. */
export interface Progress {
  /** `done` of the total; `figures` fills the names in the format. */
  update(done: number, figures: Readonly<Record<string, string>>): void
  stop(): void
}

const silent: Progress = { update: () => undefined, stop: () => undefined }

/**
 * A bar on stderr with the share done, the time left and figures of the caller's
 * (`{bar} {percentage} %  {rate}/s`). Nothing where stderr is no terminal: logs stay clean.
 */
export function startProgress(
  terminal: Terminal,
  total: number,
  {
    format,
    figures,
  }: { readonly format: string; readonly figures: Readonly<Record<string, string>> },
): Progress {
  if (!terminal.showsProgress) return silent
  const bar = new SingleBar({
    format,
    stream: terminal.stderr,
    barsize: 20,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    clearOnComplete: true,
    // The process answers Ctrl-C itself: it has commits in flight.
    gracefulExit: false,
    etaBuffer: 50,
  })
  bar.start(total, 0, figures)
  return {
    update: (done, current) => bar.update(done, current),
    stop: () => bar.stop(),
  }
}
