import { createHash } from 'node:crypto'
import type { ServerScript } from './valkey-client.ts'

/** A script that may write. */
export function writingScript(source: string): ServerScript {
  return { source, sha: createHash('sha1').update(source).digest('hex'), readOnly: false }
}

/** A script that only reads, so that a reader needs no right to write. */
export function readingScript(source: string): ServerScript {
  return { ...writingScript(source), readOnly: true }
}
