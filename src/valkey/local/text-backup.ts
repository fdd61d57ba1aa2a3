import { PairduckError } from '../../errors.ts'
import { formatCommandLine, parseCommandLine } from './command-line.ts'
import type { Send } from './plain-client.ts'

const header = '# pairduck backup of a Valkey server, format 1'
const batchSize = 1_000
const footer = (commands: number): string => `# end, ${commands} commands`

/**
 * The whole dataset of a server that nobody else writes to, as lines of commands: one line per
 * string, hash field, set member, list element and sorted-set member, in the order of their
 * bytes, and the time at which a key expires. A type without such a form is a `RESTORE` line.
 * Holds one key at a time in memory.
 */
export async function* dumpCommands(send: Send): AsyncGenerator<string> {
  yield header
  let commands = 0
  for (const database of await databases(send)) {
    await send('SELECT', database)
    yield formatCommandLine([Buffer.from('SELECT'), Buffer.from(database)])
    commands += 1
    for (const key of await allKeys(send))
      for (const command of await keyCommands(send, key)) {
        yield formatCommandLine(command.map(asBytes))
        commands += 1
      }
  }
  yield footer(commands)
}

/**
 * Runs such lines against an empty server that nobody else sees, for it holds half of them when
 * one is refused: a file that is cut off, or that holds any other command, is `INVALID_BACKUP`
 * naming the line. Holds a batch at a time in memory.
 */
export async function loadCommands(send: Send, lines: AsyncIterable<string>): Promise<void> {
  let batch: Buffer[][] = []
  const run = async (): Promise<void> => {
    await Promise.all(batch.map((command) => send(...command)))
    batch = []
  }
  for await (const command of parseLines(lines)) {
    batch.push(command)
    if (batch.length === batchSize) await run()
  }
  await run()
}

type Command = readonly (string | Buffer)[]

/** The arguments of each command that a backup may hold, its name included. */
const arity: Readonly<Record<string, number>> = {
  SELECT: 2,
  SET: 3,
  HSET: 4,
  SADD: 3,
  RPUSH: 3,
  ZADD: 4,
  PEXPIREAT: 3,
  RESTORE: 4,
}

async function* parseLines(lines: AsyncIterable<string>): AsyncGenerator<Buffer[]> {
  let at = 0
  let commands = 0
  let ended = false
  for await (const line of lines) {
    at += 1
    if (ended) throw refused(at, 'something follows the end')
    if (at === 1) {
      if (line !== header) throw refused(at, `expected \`${header}\``)
    } else if (line === footer(commands)) ended = true
    else {
      yield parseCommand(line, at)
      commands += 1
    }
  }
  if (!ended)
    throw refused(at, `the file is cut off: expected \`${footer(commands)}\` after this line`)
}

function parseCommand(line: string, at: number): Buffer[] {
  let command: Buffer[]
  try {
    command = parseCommandLine(line)
  } catch (error) {
    throw refused(at, error instanceof Error ? error.message : String(error), error)
  }
  const name = String(command[0])
  if (!Object.hasOwn(arity, name)) throw refused(at, `\`${name}\` is no command of a backup`)
  if (command.length !== arity[name])
    throw refused(at, `${name} with ${command.length - 1} arguments`)
  return command
}

function refused(line: number, why: string, cause?: unknown): PairduckError {
  return new PairduckError('INVALID_BACKUP', `line ${line}: ${why}`, { line, cause })
}

async function databases(send: Send): Promise<string[]> {
  const info = String(await send('INFO', 'keyspace'))
  return [...info.matchAll(/^db(\d+):/gm)].map((match) => match[1]!)
}

async function allKeys(send: Send): Promise<Buffer[]> {
  const keys = new Map<string, Buffer>()
  let cursor = '0'
  do {
    const [next, page] = (await send('SCAN', cursor, 'COUNT', '1000')) as [Buffer, Buffer[]]
    // SCAN may give a key twice.
    for (const key of page) keys.set(key.toString('latin1'), key)
    cursor = String(next)
  } while (cursor !== '0')
  return inOrder([...keys.values()])
}

async function keyCommands(send: Send, key: Buffer): Promise<Command[]> {
  const type = String(await send('TYPE', key))
  const expiresAt = String(await send('PEXPIRETIME', key))
  const content = await contentCommands(send, key, type)
  if (content.length > 0 && expiresAt !== '-1' && expiresAt !== '-2')
    return [...content, ['PEXPIREAT', key, expiresAt]]
  return content
}

async function contentCommands(send: Send, key: Buffer, type: string): Promise<Command[]> {
  switch (type) {
    case 'none':
      return []
    case 'string': {
      const value = (await send('GET', key)) as Buffer | null
      return value === null ? [] : [['SET', key, value]]
    }
    case 'hash': {
      const fields = pairs((await send('HGETALL', key)) as Buffer[])
      fields.sort(([a], [b]) => Buffer.compare(a, b))
      return fields.map(([field, value]) => ['HSET', key, field, value])
    }
    case 'set':
      return inOrder((await send('SMEMBERS', key)) as Buffer[]).map((member) => [
        'SADD',
        key,
        member,
      ])
    case 'list': {
      const elements = (await send('LRANGE', key, '0', '-1')) as Buffer[]
      return elements.map((element) => ['RPUSH', key, element])
    }
    case 'zset': {
      const scored = pairs((await send('ZRANGE', key, '0', '-1', 'WITHSCORES')) as Buffer[])
      return scored.map(([member, score]) => ['ZADD', key, score, member])
    }
    default: {
      const payload = (await send('DUMP', key)) as Buffer | null
      return payload === null ? [] : [['RESTORE', key, '0', payload]]
    }
  }
}

function pairs(flat: readonly Buffer[]): [Buffer, Buffer][] {
  return Array.from({ length: flat.length / 2 }, (_, index) => [
    flat[2 * index]!,
    flat[2 * index + 1]!,
  ])
}

function inOrder(items: Buffer[]): Buffer[] {
  return items.sort((a, b) => Buffer.compare(a, b))
}

function asBytes(arg: string | Buffer): Buffer {
  return typeof arg === 'string' ? Buffer.from(arg) : arg
}
