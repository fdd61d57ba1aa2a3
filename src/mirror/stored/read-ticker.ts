import type { ValkeyClient } from '../../valkey/valkey-client.ts'
import type { MirrorKeys } from './keys.ts'
import { type Ticker } from '../model/ticker.ts'
import { decodeTicker } from './ticker-hash.ts'

const fields = ['price', 'timestamp', 'bid', 'ask', 'bidVolume', 'askVolume'] as const
/** So many commands wait for the server at a time: a client refuses more than ten thousand. */
const maxAtOnce = 100

/** A mirrored ticker; undefined when there is none, or none with a price and a time. */
export async function readTicker(
  client: ValkeyClient,
  keys: MirrorKeys,
  symbol: string,
): Promise<Ticker | undefined> {
  const values = await client.command(['HMGET', keys.ticker(symbol), ...fields])
  const hash: Record<string, string> = {}
  for (const [index, value] of (values as (string | null)[]).entries())
    if (value !== null) hash[fields[index]!] = value
  return decodeTicker(symbol, hash)
}

/** All mirrored tickers, by symbol. */
export async function readTickers(client: ValkeyClient, keys: MirrorKeys): Promise<Ticker[]> {
  const symbols = (await client.command(['SMEMBERS', keys.tickers])) as string[]
  symbols.sort()
  const tickers: Ticker[] = []
  for (let at = 0; at < symbols.length; at += maxAtOnce) {
    const some = symbols.slice(at, at + maxAtOnce)
    const read = await Promise.all(some.map((symbol) => readTicker(client, keys, symbol)))
    for (const ticker of read) if (ticker !== undefined) tickers.push(ticker)
  }
  return tickers
}
