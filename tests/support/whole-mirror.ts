import { createClient } from '@redis/client'
import { readOrderStrictly } from './strict-order.ts'
import type { StrictOrder } from './strict-order.ts'

/** All orders and sets of open orders of one moment. */
export interface WholeMirror {
  readonly orders: ReadonlyMap<string, StrictOrder>
  readonly open: ReadonlySet<string>
  readonly openBySymbol: ReadonlyMap<string, ReadonlySet<string>>
}

export interface WholeReader extends AsyncDisposable {
  /** Reads everything in one script, and throws when it is not a whole state. */
  read(symbols: readonly string[]): Promise<WholeMirror>
  /** One command, for tests that look at a key. */
  send(...args: string[]): Promise<unknown>
}

const script = `
local sets = {}
for i = 2, #KEYS do sets[i - 1] = redis.call('SMEMBERS', KEYS[i]) end
return {redis.call('HGETALL', KEYS[1]), sets}
`

/** A reader of its own, which knows nothing of the mirror's code. */
export async function readWhole(port: number): Promise<WholeReader> {
  const client = createClient({ RESP: 2, socket: { host: '127.0.0.1', port } })
  client.on('error', () => undefined)
  await client.connect()
  const read = async (symbols: readonly string[]): Promise<WholeMirror> => {
    const keys = ['orders', 'open:set', ...symbols.map((symbol) => `open:${symbol}`)]
    const [flat, sets] = await client.sendCommand<[string[], string[][]]>([
      'EVAL_RO',
      script,
      String(keys.length),
      ...keys,
    ])
    return checked(flat, sets, symbols)
  }
  return {
    read,
    send: (...args) => client.sendCommand(args),
    [Symbol.asyncDispose]: async () => client.destroy(),
  }
}

/** An order is in the sets of open orders exactly when its status is open. */
function checked(flat: string[], sets: string[][], symbols: readonly string[]): WholeMirror {
  const orders = new Map<string, StrictOrder>()
  for (let i = 0; i < flat.length; i += 2) orders.set(flat[i]!, readOrderStrictly(flat[i + 1]!))
  const [all, ...bySymbol] = sets.map((ids) => new Set(ids))
  const openBySymbol = new Map(symbols.map((symbol, index) => [symbol, bySymbol[index]!]))
  for (const [id, order] of orders) {
    if (id !== order.id) throw new Error(`order ${order.id} is stored as ${id}`)
    const places = [all!.has(id), openBySymbol.get(order.symbol)?.has(id)]
    if (places.some((place) => place !== undefined && place !== order.isOpen))
      throw new Error(`order ${id} is ${order.status}, but in open sets: ${places.join()}`)
  }
  for (const [symbol, ids] of openBySymbol)
    for (const id of ids)
      if (orders.get(id)?.symbol !== symbol) throw new Error(`${id} is no order of ${symbol}`)
  for (const id of all!) if (!orders.has(id)) throw new Error(`open:set has ${id}, no order`)
  return { orders, open: all!, openBySymbol }
}
