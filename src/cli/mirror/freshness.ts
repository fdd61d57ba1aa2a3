import type { MirrorStatus } from '../../mirror/read/mirror-status.ts'
import { durationText } from '../figures.ts'

/** How fresh what was printed is: `written 8 min ago by bot-1, which no longer holds the lease`. */
export function freshnessLine({
  isMirrored,
  writer,
  lagMs,
  isWriting,
}: Pick<MirrorStatus, 'isMirrored' | 'writer' | 'lagMs' | 'isWriting'>): string {
  if (!isMirrored) return 'nothing was ever mirrored here'
  const lease = isWriting ? 'which holds the lease' : 'which no longer holds the lease'
  if (lagMs === null) return `nothing written yet by ${writer ?? 'any writer'}, ${lease}`
  const ago = lagMs < 1_000 ? 'just now' : `${durationText(lagMs)} ago`
  if (writer === null) return `written ${ago} by nobody known any more`
  return `written ${ago} by ${writer}, ${lease}`
}
