import type { ValkeyClient } from '../../valkey/valkey-client.ts'
import { hashScript, pageScript } from './read-scripts.ts'
import { allReadable, readable } from './stored-value.ts'
import { YieldTimer } from './yield-timer.ts'

/** As many fields as one command asks for. */
const maxFields = 1_000

/** What a hash holds under the names; those that aren't there, or can't be read, are left out. */
export async function readEntries<T>(
  client: ValkeyClient,
  key: string,
  names: readonly string[],
  decode: (json: string, name: string) => T,
): Promise<Map<string, T>> {
  const found = new Map<string, T>()
  const yields = new YieldTimer()
  for (let first = 0; first < names.length; first += maxFields) {
    const some = names.slice(first, first + maxFields)
    const values = (await client.command(['HMGET', key, ...some])) as (string | null)[]
    for (const [index, json] of values.entries()) {
      const name = some[index]!
      const value = json === null ? undefined : readable(json, (text) => decode(text, name))
      if (value !== undefined) found.set(name, value)
      const pause = yields.step()
      if (pause !== undefined) await pause
    }
  }
  return found
}

/** All of a small hash, what can't be read left out. */
export async function readHash<T>(
  client: ValkeyClient,
  key: string,
  decode: (json: string, name: string) => T,
): Promise<Map<string, T>> {
  const flat = (await client.script(hashScript, [key], [])) as string[]
  const found = new Map<string, T>()
  for (let i = 0; i < flat.length; i += 2) {
    const value = readable(flat[i + 1]!, (text) => decode(text, flat[i]!))
    if (value !== undefined) found.set(flat[i]!, value)
  }
  return found
}

/**
 * All of a hash however large it is, page after page by its index, from the newest on: what is
 * added meanwhile only moves others to the next page, where they are read again.
 */
export async function readPaged<T extends object>(
  client: ValkeyClient,
  index: string,
  key: string,
  decode: (json: string) => T,
  nameOf: (value: T) => string,
): Promise<T[]> {
  const found = new Map<string, T>()
  for (let first = 0; ; first += maxFields) {
    const args = [String(first), String(first + maxFields - 1)]
    const values = (await client.script(pageScript, [index, key], args)) as (string | null)[]
    for (const value of await allReadable(values, decode)) {
      const name = nameOf(value)
      if (!found.has(name)) found.set(name, value)
    }
    if (values.length < maxFields) return [...found.values()]
  }
}
