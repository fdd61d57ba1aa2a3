export type KeyType = 'hash' | 'set'

type CommandName = 'HSET' | 'HDEL' | 'SADD' | 'SREM'

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

  add(name: CommandName, key: string, ...args: string[]): void {
    const id = `${name} ${key}`
    const command = this.#commands.get(id)
    if (command === undefined) {
      this.#commands.set(id, { name, key, args })
      this.#types.set(key, name.startsWith('H') ? 'hash' : 'set')
    } else for (const arg of args) command.args.push(arg)
  }

  copy(): UnitCommands {
    const copy = new UnitCommands()
    for (const { name, key, args } of this.#commands.values()) copy.add(name, key, ...args)
    return copy
  }

  get isEmpty(): boolean {
    return this.#commands.size === 0
  }

  /** The keys that are written, the given one first, and what each must be. */
  keys(first: string): Map<string, KeyType> {
    return new Map([[first, 'hash'], ...this.#types])
  }

  /** The commands as the script reads them; `keyIndex` tells a key's place among its KEYS. */
  encode(keyIndex: ReadonlyMap<string, number>, into: string[]): void {
    for (const { name, key, args } of this.#commands.values()) {
      const index = String(keyIndex.get(key)!)
      for (let first = 0; first < args.length; first += maxArguments) {
        const last = Math.min(first + maxArguments, args.length)
        into.push(name, index, String(last - first))
        for (let i = first; i < last; i++) into.push(args[i]!)
      }
    }
  }
}
