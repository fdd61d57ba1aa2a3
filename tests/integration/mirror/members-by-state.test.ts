import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { MirrorReader } from '../../../src/mirror/mirror-reader.ts'
import { ValkeyMirror } from '../../../src/mirror/valkey-mirror.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { quietSource } from '../../support/quiet-source.ts'
import { openOrder } from '../../support/sample-orders.ts'
import { startValkey, type TestServer } from '../../support/valkey.ts'

type State = 'open' | 'lost' | 'closing' | 'closed'
/** What a member does in each state: `ok`, or the code that it rejects with. */
type Row = readonly [open: string, lost: string, closing: string, closed: string]
type Table<Of> = Record<keyof Of, readonly [call: (of: Of) => unknown, ...Row]>

const read = ['ok', 'VALKEY_UNREACHABLE', 'CLOSED', 'CLOSED'] as const
const written = ['ok', 'VALKEY_UNREACHABLE', 'CLOSED', 'CLOSED'] as const
const always = ['ok', 'ok', 'ok', 'ok'] as const
const stopping = (): AbortSignal => AbortSignal.timeout(150)

/** The first event of a watch; without one it has to end with its signal. */
async function firstOf(of: MirrorReader | ValkeyMirror): Promise<void> {
  for await (const _ of of.watch({ signal: stopping() })) return
}

const reads = {
  status: [(of: MirrorReader) => of.status(), ...read],
  getOrder: [(of: MirrorReader) => of.getOrder('1'), ...read],
  listOpenOrders: [(of: MirrorReader) => of.listOpenOrders(), ...read],
  getBalances: [(of: MirrorReader) => of.getBalances(), ...read],
  getTicker: [(of: MirrorReader) => of.getTicker('BTC/USDT'), ...read],
  listTickers: [(of: MirrorReader) => of.listTickers(), ...read],
  getTradeStats: [(of: MirrorReader) => of.getTradeStats(), ...read],
  getOrderBook: [(of: MirrorReader) => of.getOrderBook('BTC/USDT'), ...read],
  listSymbols: [(of: MirrorReader) => of.listSymbols(), ...read],
  listFills: [(of: MirrorReader) => of.listFills(), ...read],
  listCarried: [(of: MirrorReader) => of.listCarried(), ...read],
  listTransfers: [(of: MirrorReader) => of.listTransfers(), ...read],
  // Begun while the server is away, it waits for it and heeds its signal.
  watch: [firstOf, 'ok', 'ok', 'CLOSED', 'CLOSED'],
  close: [(of: MirrorReader) => of.close(), ...always],
  [Symbol.asyncDispose]: [(of: MirrorReader) => of[Symbol.asyncDispose](), ...always],
} satisfies Table<MirrorReader>

const members = {
  ...(reads as unknown as Table<ValkeyMirror>),
  applyOrder: [(of) => of.applyOrder(openOrder('1')), ...written],
  applyOrders: [(of) => of.applyOrders([openOrder('1')]), ...written],
  applyBalances: [(of) => of.applyBalances([{ asset: 'A', free: '1', used: '0' }]), ...written],
  applyTicker: [(of) => of.applyTicker({ symbol: 'BTC/USDT', last: '1' }), ...written],
  applyFills: [
    (of) =>
      of.applyFills([
        { id: '1', symbol: 'A/B', side: 'buy', price: '1', amount: '1', timestamp: 1.7e12 },
      ]),
    ...written,
  ],
  applyTransfers: [
    (of) =>
      of.applyTransfers([{ id: '1', type: 'deposit', currency: 'A', amount: '1', timestamp: 1 }]),
    ...written,
  ],
  reconcile: [(of) => of.reconcile({ openOrders: [] }), ...written],
  drift: [(of) => of.drift(), ...read],
  prune: [(of) => of.prune({ retainClosedMs: 1_000 }), ...written],
  // Without a server it goes on trying until its signal.
  run: [(of) => of.run(quietSource(), { signal: stopping() }), 'ok', 'ok', 'CLOSED', 'CLOSED'],
  on: [(of) => of.on('error', () => undefined), ...always],
  report: [(of) => of.report('nothing'), ...always],
  pending: [(of) => of.pending, ...always],
} satisfies Table<ValkeyMirror>

/** `ok` or a code, in any case within a second or two: nothing hangs. */
async function outcome(call: () => unknown): Promise<string> {
  const late = new Promise<string>((resolve) => setTimeout(resolve, 10_000, 'it hangs'))
  const called = (async () => call())().then(
    () => 'ok',
    (error: Error & { code?: string }) => error.code ?? error.message,
  )
  return await Promise.race([called, late])
}

/** A server that is there is waited for, however busy the machine; one that is gone is not. */
const fast = (state: State) => (state === 'lost' ? { writeTimeoutMs: 100 } : {})
let server: TestServer
beforeAll(async () => {
  server = await startValkey()
})
afterAll(() => server.stop())

async function inState<Of extends { close(): Promise<void> }>(
  state: State,
  opened: Of,
): Promise<Of> {
  if (state === 'lost') await server.kill()
  // Not waited for: the calls come while it closes.
  if (state === 'closing') void opened.close()
  if (state === 'closed') await opened.close()
  return opened
}

const states = ['open', 'lost', 'closing', 'closed'] as const
type AnyMember = readonly [call: (of: never) => unknown, ...Row]
type Opened = MirrorReader | ValkeyMirror

async function expectRows(
  state: State,
  table: Readonly<Record<string | symbol, AnyMember>>,
  open: () => Promise<Opened>,
): Promise<void> {
  const closing = ['close', Symbol.asyncDispose]
  // Closing ends the others: it comes last.
  const names = [...Object.keys(table).filter((name) => name !== 'close'), ...closing]
  const found: [string, string][] = []
  const wanted: [string, string][] = []
  let shared: Opened | undefined
  for (const name of names) {
    const [call, ...row] = table[name]!
    const of = state === 'closing' ? await inState(state, await open()) : shared
    const member = of ?? (shared = await inState(state, await open()))
    found.push([String(name), await outcome(() => call(member as never))])
    wanted.push([String(name), row[states.indexOf(state)]!])
  }
  expect(found).toEqual(wanted)
}

describe.each(states)('every public member, %s', (state) => {
  afterEach(() => server.restart())

  it('of a MirrorReader does what the table says', async () => {
    await expectRows(state, reads, () => MirrorReader.open({ url: server.url }))
  })

  it('of a ValkeyMirror does what the table says', async () => {
    await expectRows(state, members, () => ValkeyMirror.open({ url: server.url, ...fast(state) }))
  })
})

describe('connecting', () => {
  it('to nobody, or to a server that is silent, ends by itself', async () => {
    await server.kill()
    for (const open of [
      () => MirrorReader.open({ url: server.url }),
      () => ValkeyMirror.open({ url: server.url }),
    ])
      expect(await outcome(open)).toBe('VALKEY_UNREACHABLE')
    await server.restart()
    server.pause()
    const silent = { url: server.url, connectTimeoutMs: 300, socketTimeoutMs: 300 }
    for (const open of [() => MirrorReader.open(silent), () => ValkeyMirror.open(silent)])
      expect(await outcome(open)).toBe('VALKEY_UNREACHABLE')
    server.resume()
  })

  it('a watch begun while the server is away begins when it is back; closing ends one that waits', async () => {
    const clock = new ManualClock()
    const reader = await MirrorReader.open({ url: server.url, clock })
    await server.kill()
    const first = reader.watch().next()
    const waiting = reader.watch()
    const ended = waiting.next()
    await server.restart()
    let event: unknown
    void first.then(({ value }) => (event = value))
    await clock.until(() => event !== undefined)
    expect(event).toMatchObject({ type: 'snapshot', reason: 'start' })
    await ended
    await server.kill()
    const next = waiting.next()
    await reader.close()
    expect(await next).toMatchObject({ done: true })
    await server.restart()
  })
})
