import { access } from 'node:fs/promises'
import { Option } from 'commander'
import { closest, distance } from 'fastest-levenshtein'
import { PairduckError, withSystemCode } from '../errors.ts'
import { formatPair, parsePair, type Pair } from '../pair.ts'
import type { DatabaseManager } from '../storage/database-manager.ts'
import type { ManagerOptions } from '../storage/manager-options.ts'
import { listPairs as listStored } from '../storage/file/list-pairs.ts'
import { hasFiles, pairFiles, sizeOf } from '../storage/file/pair-files.ts'
import type { CliContext } from './context.ts'
import type { Terminal } from './terminal.ts'

export type Manager = DatabaseManager

/** How a command opens the manager, and where what is wrong with a pair is told. */
type OpenedOptions = ManagerOptions & { readonly dataDir: string; readonly terminal: Terminal }

/** Where the archive is, for commands that write or read it. */
export function archiveFlag(): Option {
  return new Option('--archive <folder>', 'where the archive is').env('PAIRDUCK_ARCHIVE')
}

/**
 * Lends a manager on the data directory and closes it, whatever happens. Pairs that a running
 * process holds are asked of it. Unless told otherwise it passes by: nobody is to build on it. The
 * engine is loaded only here: `--help` and wrong usage answer
 * without it.
 */
export async function withManager<T>(
  { terminal, ...options }: OpenedOptions,
  use: (db: Manager) => Promise<T>,
): Promise<T> {
  const { DatabaseManager } = await import('../storage/database-manager.ts')
  const { besideOwner, Owners } = await import('../client/beside-owner.ts')
  const db = await DatabaseManager.open({ localSocket: 'passing', ...options })
  tellOfLoss(db, terminal)
  const owners = new Owners(db.dataDir)
  let given: T
  try {
    given = await use(besideOwner(db, owners))
  } catch (error) {
    // What went wrong first is what the user has to hear of.
    await Promise.allSettled([db.close(), owners.close()])
    throw error
  }
  await Promise.all([db.close(), owners.close()])
  return given
}

/** Once for each pair, whatever the command itself has to say. */
function tellOfLoss(db: Manager, terminal: Terminal): void {
  const told = new Set<string>()
  db.on('rowsLost', ({ pair, relation, expectedRows, foundRows }) => {
    if (told.has(pair)) return
    told.add(pair)
    terminal.note(
      `${pair}: ${relation} are lost: there were ${expectedRows} when it was last closed, ${foundRows} when opened; \`pairduck repair ${pair}\` tells of all that is lost`,
    )
  })
}

/**
 * The same for commands that only look: where there is no data directory they don't make one, and
 * give what they would give for an empty one.
 */
export async function withStore<T>(
  { terminal, ...options }: OpenedOptions,
  absent: () => T,
  use: (db: Manager) => Promise<T>,
): Promise<T> {
  const exists = await isThere(options.dataDir)
  return exists ? withManager({ ...options, terminal }, use) : absent()
}

/** A folder that cannot be looked at is told: what is in it would count as not stored. */
export async function isThere(dataDir: string): Promise<boolean> {
  try {
    await access(dataDir)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw withSystemCode(error, `data folder ${dataDir}`)
  }
}

/** The pairs that a command was given, or all that are stored. Throws `PAIR_NOT_FOUND`. */
export async function chosenPairs(
  db: Manager,
  wanted: readonly string[],
  context: CliContext,
): Promise<Pair[]> {
  if (wanted.length === 0) return storedPairs(db.dataDir, context)
  const stored = await db.listPairs()
  for (const pair of wanted) await requireStored(pair, stored, db.dataDir)
  return wanted.map((pair) => parsePair(pair))
}

/**
 * What `work` gives for each pair. One that fails stops no other: it is named, and the command has
 * failed for it. Where nothing is left to tell, the first error ends the command.
 */
export async function eachOf<T>(
  pairs: readonly Pair[],
  context: CliContext,
  work: (pair: Pair) => Promise<T>,
): Promise<T[]> {
  const done: T[] = []
  const failed: PairduckError[] = []
  for (const pair of pairs) {
    context.signal.throwIfAborted()
    try {
      done.push(await work(pair))
    } catch (error) {
      if (!PairduckError.is(error) || error.code === 'ABORTED') throw error
      failed.push(error)
    }
  }
  const [first, ...others] = failed
  for (const error of done.length === 0 ? others : failed) noteLeftOut(error, context)
  if (done.length === 0 && first !== undefined) throw first
  return done
}

function noteLeftOut({ code, message }: PairduckError, context: CliContext): void {
  context.terminal.note(`left out: ${code}: ${message}`)
  context.exitCode = 1
}

/** All pairs that can be looked at; the others are named, and the command has failed for them. */
export async function storedPairs(dataDir: string, context: CliContext): Promise<Pair[]> {
  return listStored(dataDir, ({ error }) => noteLeftOut(error, context))
}

/**
 * What {@link chosenPairs} leads to without a data directory. Without a wanted pair it is no empty
 * list: a schedule with a wrong folder would never hear that nothing is looked after.
 */
export function noneStored(wanted: readonly string[], dataDir: string): never {
  const [first] = wanted
  throw first === undefined ? folderMissing(dataDir) : notStored(first, [], dataDir)
}

/** {@link requireStored} before an engine is loaded; what is wrong with other pairs is not told. */
export async function requireStoredIn(dataDir: string, text: string): Promise<void> {
  await requireStored(text, await listStored(dataDir, () => undefined), dataDir)
}

/** Refuses a pair that nothing was ever written to: asking must not make a file for it. */
export async function requireStored(
  text: string,
  stored: readonly Pair[],
  dataDir: string,
): Promise<void> {
  if (stored.some((each) => formatPair(each) === text)) return
  // One whose folders cannot be listed is in no list; what cannot even be looked at is IO_FAILED.
  const pair = parsePair(text)
  if (await hasFiles(pair, pairFiles(dataDir, pair))) return
  throw notStored(text, stored, dataDir)
}

export function notStored(pair: string, stored: readonly Pair[], dataDir: string): PairduckError {
  const names = stored.map((each) => formatPair(each))
  const near = names.length > 0 ? closest(pair, names) : undefined
  const hint =
    near !== undefined && distance(pair, near) <= Math.max(3, pair.length / 3)
      ? `: did you mean ${near}?`
      : names.length === 0
        ? ', which holds no pairs'
        : '; `pairduck pairs` lists what is there'
  return new PairduckError('PAIR_NOT_FOUND', `${pair} is not stored in ${dataDir}${hint}`, { pair })
}

function folderMissing(dataDir: string): PairduckError {
  return new PairduckError('IO_FAILED', `there is no data folder ${dataDir}`, { dataDir })
}

/** Bytes of a pair's file and write-ahead log, without opening them. */
export async function pairBytes(dataDir: string, pair: Pair): Promise<number> {
  const { database, wal } = pairFiles(dataDir, pair)
  return ((await sizeOf(database)) ?? 0) + ((await sizeOf(wal)) ?? 0)
}
