import { PairduckError } from '../../errors.ts'
import type { ValkeyClient } from '../../valkey/valkey-client.ts'
import type { MirrorKeys } from '../stored/keys.ts'
import type { MirrorState } from './mirror-state.ts'
import { decodeCarried, decodeSums } from '../stored/fill-sums-json.ts'
import { readHash } from '../stored/hash-entries.ts'
import { decodeTransferTotals } from '../stored/transfer-json.ts'
import { readTickers } from '../stored/read-ticker.ts'
import { readStored } from '../stored/stored-account.ts'

/**
 * Refuses a database that another program uses: `VALKEY_WRONG_TYPE` names the key of another
 * type. A command that meets one in the middle of a unit could not be taken back.
 */
export async function checkTypes(client: ValkeyClient, keys: MirrorKeys): Promise<void> {
  for (const [key, expected] of keys.fixed()) {
    const found = await client.command(['TYPE', key])
    if (found !== 'none' && found !== expected)
      throw new PairduckError(
        'VALKEY_WRONG_TYPE',
        `key ${key} holds a ${String(found)}, not a ${expected}: another program uses this database`,
        { key, type: found, expected },
      )
  }
}

/** Reads what is mirrored already: symbols, open orders, balances, tickers, sums. */
export async function loadState(
  client: ValkeyClient,
  keys: MirrorKeys,
  state: MirrorState,
): Promise<void> {
  const completed = await client.command(['HGET', keys.since, 'completed'])
  if (completed !== null) state.completeToMs = Number(completed)
  state.prunedBefore = Number((await client.command(['HGET', keys.since, 'pruned'])) ?? 0)
  state.transfersBefore = Number((await client.command(['HGET', keys.since, 'transfers'])) ?? 0)
  const symbols = (await client.command(['SMEMBERS', keys.symbols])) as string[]
  for (const symbol of symbols) state.symbols.add(symbol)
  const stored = await readStored(client, keys, [])
  for (const order of stored.orders.values()) if (order !== undefined) state.setOrder(order.record)
  for (const [asset, balance] of stored.balances)
    state.balances.set(asset, { ...balance, timestamp: null })
  // An older one must not come over them, and transfers are valued by them.
  for (const ticker of await readTickers(client, keys))
    state.tickers.set(ticker.symbol, { ...ticker, exchangeMs: ticker.timestamp })
  for (const absent of stored.absent.values()) state.absent.set(absent.id, absent)
  await loadSums(client, keys, state)
}

async function loadSums(client: ValkeyClient, keys: MirrorKeys, state: MirrorState): Promise<void> {
  for (const [symbol, sums] of await readHash(client, keys.sums, decodeSums)) {
    state.sums.set(symbol, sums)
    // The trades that they were counted from are on the server alone.
    state.forget(symbol, sums.newestMs)
  }
  for (const [symbol, carried] of await readHash(client, keys.carried, decodeCarried))
    state.carried.set(symbol, carried)
  const { removedTransfers } = keys
  for (const [kind, totals] of await readHash(client, removedTransfers, decodeTransferTotals))
    state.removedTransfers.set(kind, totals)
}
