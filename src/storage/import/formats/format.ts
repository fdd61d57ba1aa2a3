import type { DuckDBConnection } from '@duckdb/node-api'
import type { RowFile } from './row-file.ts'

/** What a file begins with, by which its format is told. */
export interface FileHead {
  readonly bytes: Buffer
  /** The bytes as text, without a byte order mark and blanks before its first character. */
  readonly text: string
}

/** A file to read, or what came out of one. */
export interface InputFile {
  /** How messages call it: `trades.zip › trades.csv` for a member. */
  readonly name: string
  readonly path: string
  /** Why it ends before its end: what was compressed could not be read on. */
  readonly cut?: unknown
}

/** What a format may use to open a file. */
export interface ImportTools {
  readonly connection: DuckDBConnection
  readonly signal: AbortSignal | undefined
  /** Which members of an archive are wanted: a name in which `*` stands for anything. */
  readonly member: string | undefined
  /** A path for a file of its own, which is deleted when the import ends. */
  readonly temporaryPath: () => string
  /** Tells the user what was left out or inferred. */
  readonly note: (text: string) => void
}

interface Described {
  readonly name: string
  /** What `import --formats` says of it. */
  readonly about: string
  readonly fits: (head: FileHead) => boolean
}

/** A file that holds files: compressed, or an archive. */
export interface ContainerFormat extends Described {
  readonly kind: 'container'
  readonly unpack: (file: InputFile, tools: ImportTools) => AsyncIterable<InputFile>
}

/** A file of rows. */
export interface RowFormat extends Described {
  readonly kind: 'rows'
  readonly open: (file: InputFile, tools: ImportTools) => Promise<RowFile>
}

/** A file that is known and not read: `about` says how to go on. */
export interface UnreadFormat extends Described {
  readonly kind: 'unread'
}

export type ImportFormat = ContainerFormat | RowFormat | UnreadFormat

export function begins(head: FileHead, ...bytes: readonly number[]): boolean {
  return head.bytes.subarray(0, bytes.length).equals(Buffer.from(bytes))
}
