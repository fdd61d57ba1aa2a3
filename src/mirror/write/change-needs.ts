import type { ValkeyClient } from '../../valkey/valkey-client.ts'
import { decodeTraded } from '../stored/fill-sums-json.ts'
import { readEntries, readPaged } from '../stored/hash-entries.ts'
import type { MirrorKeys } from '../stored/keys.ts'
import { decodeTransfer } from '../stored/transfer-json.ts'
import { transferField } from '../model/transfer.ts'
import type { Change } from './change.ts'
import type { MirrorState } from './mirror-state.ts'

/** Where what is stored is read from, and what is known of it. */
export interface StoredPlace {
  readonly state: MirrorState
  readonly keys: MirrorKeys
  readonly client: ValkeyClient
}

/** Whether changes need all transfers, which a ticker may value, and those are not read yet. */
export function needTransfers(
  changes: readonly Change[],
  { transfersLoaded }: MirrorState,
): boolean {
  return !transfersLoaded && changes.some(({ kind }) => kind === 'transfer' || kind === 'ticker')
}

export async function loadTransfers({ state, keys, client }: StoredPlace): Promise<void> {
  const { transferTimes, transfers } = keys
  for (const transfer of await readPaged(
    client,
    transferTimes,
    transfers,
    decodeTransfer,
    transferField,
  ))
    state.setTransfer(transfer)
  state.transfersLoaded = true
}

/** Reads what the trades of orders add up to, where that is not known. */
export async function loadTraded(
  { state, keys, client }: StoredPlace,
  names: readonly (string | undefined)[],
): Promise<void> {
  const unknown = new Set<string>()
  for (const name of names) if (name !== undefined && !state.traded.has(name)) unknown.add(name)
  const found = await readEntries(client, keys.traded, [...unknown], decodeTraded)
  for (const [name, traded] of found) state.traded.set(name, traded)
}
