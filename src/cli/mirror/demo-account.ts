import { PairduckError } from '../../errors.ts'
import type { AccountSource } from '../../mirror/model/account-source.ts'
import type { MirrorReaderOptions } from '../../mirror/mirror-options.ts'
import { MirrorReader } from '../../mirror/mirror-reader.ts'
import { checkedUsage } from '../failure.ts'
import { reachable } from './connection.ts'
import { demoPrefix, SimulatedSource } from './simulated-source.ts'

/** Where the orders come from, and how to let go of it. */
export interface OpenedAccount {
  readonly source: AccountSource
  readonly close: () => Promise<void>
}

export interface DemoOptions {
  readonly symbols: readonly string[]
  readonly now: () => number
}

/** How often the simulated market goes on. */
const stepMs = 250

/**
 * A simulated account that lives until it is closed. Refuses (`WRITE_REFUSED`) a server that
 * holds anything but an earlier demo: its reconcile would take a real account's orders for gone.
 */
export async function openDemo(
  connection: MirrorReaderOptions,
  { symbols, now }: DemoOptions,
): Promise<OpenedAccount> {
  const reader = await reachable(() => MirrorReader.open(connection))
  try {
    await refuseRealAccount(reader)
    const from = now()
    const source = checkedUsage(
      () =>
        new SimulatedSource({
          symbols,
          from,
          seed: String(from),
          earlierOrder: (id) => reader.getOrder(id),
        }),
    )
    const timer = setInterval(() => source.advance(now()), stepMs)
    return {
      source,
      close: async () => {
        clearInterval(timer)
        await reader.close()
      },
    }
  } catch (error) {
    await reader.close()
    throw error
  }
}

async function refuseRealAccount(reader: MirrorReader): Promise<void> {
  const [orders, fills, balances] = await Promise.all([
    reader.listOpenOrders(),
    reader.listFills(),
    reader.getBalances(),
  ])
  const ids = [...orders, ...fills].map(({ id }) => id)
  const isDemo = ids.every((id) => id.startsWith(demoPrefix))
  if (isDemo && (ids.length > 0 || balances.length === 0)) return
  throw new PairduckError(
    'WRITE_REFUSED',
    'this server holds a real account: a demo there would overwrite it; give it keys of its own with --key-prefix demo:',
  )
}
