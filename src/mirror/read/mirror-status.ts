import { PairduckError } from '../../errors.ts'
import type { ValkeyClient } from '../../valkey/valkey-client.ts'
import type { MirrorKeys } from '../stored/keys.ts'
import { statusScript } from '../stored/read-scripts.ts'

/** Who writes a mirror, and how fresh it is. */
export interface MirrorStatus {
  /** False where no writer has ever been: an empty list then says nothing of an account. */
  readonly isMirrored: boolean
  /** When the last change was written, Unix ms by the server's clock; null before the first one. */
  readonly lastWrittenAt: number | null
  /** How long ago that was, in ms by the server's clock. */
  readonly lagMs: number | null
  /** The writer that took over last; null where none has been. */
  readonly writer: string | null
  /** Whether that writer holds the lease still: false when it has ended or is cut off. */
  readonly isWriting: boolean
  /** Number of the writer's term; null before the first write. */
  readonly epoch: string | null
  /** Number of the newest change. */
  readonly sequence: number
}

export async function readStatus(client: ValkeyClient, keys: MirrorKeys): Promise<MirrorStatus> {
  const of = [keys.fence, keys.leader, keys.written, keys.sequence, keys.epoch]
  const reply = (await client.script(statusScript, of, [])) as string[]
  const [fence = '', leader = '', written = '', sequence = '', epoch = ''] = reply
  // `token:writer:instance`, and a writer's name may have colons.
  const writer = fence === '' ? null : fence.replace(/^\d+:/, '').replace(/:[^:]*$/, '')
  const lastWrittenAt = written === '' ? null : Number(written)
  const now = await serverMs(client)
  return {
    isMirrored: writer !== null || lastWrittenAt !== null,
    lastWrittenAt,
    lagMs: lastWrittenAt === null ? null : Math.max(0, now - lastWrittenAt),
    writer,
    isWriting: writer !== null && leader === writer,
    epoch: epoch === '' ? null : epoch,
    sequence: Number(sequence),
  }
}

/** The server's time; a reader that may not ask for it goes by its own clock. */
async function serverMs(client: ValkeyClient): Promise<number> {
  try {
    const [seconds, micros] = (await client.command(['TIME'])) as [string, string]
    return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000)
  } catch (error) {
    if (!PairduckError.is(error, 'VALKEY_AUTH')) throw error
    return Date.now()
  }
}
