export type KeyType = 'hash' | 'set' | 'zset'

type CommandName = 'HSET' | 'HDEL' | 'SADD' | 'SREM' | 'ZADD' | 'ZREM'

interface Command {
  readonly name: CommandName
  readonly key: string
  readonly args: string[]
}

/** Lua's unpack fails near 8,000 arguments; pairs must stay together. */
const maxArguments = 4_000

/** The commands of one atomic unit, gathered into one variadic command per name and key. */
export class UnitCommands {
  readonly #commands = new Map<string, Command>()
  readonly #types = new Map<string, KeyType>()

  add(name: CommandName, key: string, args: readonly string[]): void {
    const id = `${name} ${key}`
    const command = this.#commands.get(id)
    if (command === undefined) {
      this.#commands.set(id, { name, key, args: [...args] })
      this.#types.set(key, typeOf(name))
    } else for (const arg of args) command.args.push(arg)
  }

  copy(): UnitCommands {
    const copy = new UnitCommands()
    for (const { name, key, args } of this.#commands.values()) copy.add(name, key, args)
    return copy
  }

  /** The hashes that are read, then the keys that are written, and what each must be. */
  keys(read: Iterable<string>): Map<string, KeyType> {
    return new Map([...[...read].map((key) => [key, 'hash'] as const), ...this.#types])
  }

  /**
   * Appends the commands as the script reads them: name, index of the key, and where its
   * arguments stand. Lists that are the same, as ids in two sets are, stand there once; `lists`
   * has those that are there already, by the place of their first element.
   */
  encode(keyIndex: ReadonlyMap<string, number>, lists: ArgumentLists, into: string[]): void {
    for (const { name, key, args } of this.#commands.values()) {
      const index = String(keyIndex.get(key)!)
      const first = lists.place(args)
      for (let done = 0; done < args.length; done += maxArguments) {
        const last = Math.min(done + maxArguments, args.length)
        into.push(name, index, String(first + done), String(first + last - 1))
      }
    }
  }
}

function typeOf(name: CommandName): KeyType {
  return name.startsWith('H') ? 'hash' : name.startsWith('S') ? 'set' : 'zset'
}

/** The arguments of all commands behind one another, each list once. */
export class ArgumentLists {
  readonly args: string[]
  readonly #lists: { readonly list: readonly string[]; readonly first: number }[] = []

  /** Begins with arguments that belong to no list. */
  constructor(before: string[]) {
    this.args = before
  }

  /** Where the list's first element stands, counted from 1 as Lua does. */
  place(list: readonly string[]): number {
    const known = this.#lists.find((each) => sameList(each.list, list))
    if (known !== undefined) return known.first
    const first = this.args.length + 1
    for (const arg of list) this.args.push(arg)
    this.#lists.push({ list, first })
    return first
  }
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
