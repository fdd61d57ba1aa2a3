import { describe, expect, it } from 'vitest'
import type { AccountSnapshot, AccountSource } from '../../../src/mirror/index.ts'
import { ValkeyMirror } from '../../../src/mirror/valkey-mirror.ts'
import { quietSource } from '../../support/quiet-source.ts'
import { openOrder } from '../../support/sample-orders.ts'
import { emptyValkey } from '../../support/valkey.ts'

const held = { asset: 'BTC', free: '1', used: '0', total: '1' }
const nothing = null as never

/** The first failure that a run tells; the run is ended then. */
async function firstFailure(mirror: ValkeyMirror, source: AccountSource): Promise<unknown> {
  const stopping = new AbortController()
  let told: unknown
  const stop = mirror.on('error', (error) => {
    told ??= error
    stopping.abort()
  })
  await mirror.run(source, { signal: stopping.signal, firstRetryMs: 1 })
  stop()
  return told
}

describe('a source that keeps to no contract', () => {
  it('is refused at once when a member is missing or is no function', async () => {
    await using server = await emptyValkey()
    await using mirror = await ValkeyMirror.open({ url: server.url })
    const run = (source: unknown): Promise<void> => mirror.run(source as AccountSource)
    await expect(run(undefined)).rejects.toThrow(/expected a source, got `undefined`/)
    await expect(run({})).rejects.toThrow(/`fetchOpenOrders` to be a function.*ccxtSource/)
    await expect(run(quietSource({ watchFills: 'yes' as never }))).rejects.toThrow(
      /`watchFills` to be a function, got `"yes"`/,
    )
    await expect(run(quietSource({ fetchFills: nothing }))).rejects.toThrow(/`fetchFills`/)
    // Nothing is left of the refused runs.
    await mirror.run(quietSource({}), { signal: AbortSignal.abort() })
  })

  it.each(['fetchOpenOrders', 'fetchBalances', 'fetchFills', 'fetchTickers'] as const)(
    'is named when %s gives something else than a list',
    async (member) => {
      await using server = await emptyValkey()
      await using mirror = await ValkeyMirror.open({ url: server.url })
      const source = quietSource({ [member]: async () => nothing })
      expect(await firstFailure(mirror, source)).toMatchObject({
        code: 'EXCHANGE_FAILED',
        message: expect.stringMatching(/gave `?null`? .*instead of a list/),
      })
    },
  )

  it('keeps what is mirrored when an entry of a list is null, and the entry is refused', async () => {
    await using server = await emptyValkey()
    await using mirror = await ValkeyMirror.open({ url: server.url })
    await mirror.reconcile({ openOrders: [openOrder('1')], balances: [held] })
    const odd: AccountSnapshot = {
      openOrders: [nothing, openOrder('1'), openOrder('2')],
      balances: [nothing],
      fills: [nothing],
      transfers: [nothing],
      tickers: [nothing],
      closedOrders: [nothing],
    }
    const result = await mirror.reconcile(odd)
    expect(result.refused.map(({ code }) => code).toSorted()).toEqual([
      ...Array.from({ length: 4 }, () => 'INVALID_EVENT'),
      ...Array.from({ length: 2 }, () => 'INVALID_ORDER'),
    ])
    expect((await mirror.listOpenOrders()).map(({ id }) => id).toSorted()).toEqual(['1', '2'])
    expect(await mirror.getBalances()).toEqual([held])
    expect((await mirror.drift(odd)).map(({ kind, problem }) => `${kind} ${problem}`)).toEqual([
      'order refused',
      'balance refused',
    ])
    // With every entry named, what is named no more is gone.
    await mirror.reconcile({ openOrders: [], balances: [] })
    expect(await mirror.getBalances()).toEqual([])
  })

  it('is told which list of a snapshot is none', async () => {
    await using server = await emptyValkey()
    await using mirror = await ValkeyMirror.open({ url: server.url })
    await expect(mirror.reconcile({} as AccountSnapshot)).rejects.toThrow(
      /snapshot's `openOrders` to be a list/,
    )
    await expect(mirror.drift({ openOrders: [], balances: nothing })).rejects.toThrow(/`balances`/)
  })
})
