import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { connectValkey, jetStreamLog, type IngestLog } from '../../../src/cluster/index.ts'
import { clusterKeys } from '../../../src/cluster/cluster-keys.ts'
import { ValkeyLog } from '../../../src/cluster/valkey-log.ts'
import { findNatsServer, startNats } from '../../support/nats.ts'
import { startValkey } from '../../support/valkey.ts'
import { propertyRuns } from '../../support/property-runs.ts'

const maxEntries = 20
const nats = await findNatsServer()
if (nats === undefined && process.env['CI'] === 'true')
  throw new Error('nats-server is missing: on Debian, apt-get install nats-server')

/** Opens a log as an owner would: another call is another owner of the same log. */
type Open = () => Promise<IngestLog>

const logs: Readonly<Record<string, () => Promise<Open>>> = {
  Valkey: async () => {
    const server = await startValkey()
    return async () => {
      const client = await connectValkey({ url: server.url })
      return new ValkeyLog(client, clusterKeys('logs'), maxEntries)
    }
  },
  ...(nats === undefined
    ? {}
    : {
        JetStream: async () => {
          const connection = await startNats(nats)
          return () => jetStreamLog({ connection, name: 'logs', maxEntries })
        },
      }),
}

// Without a NATS server only Valkey's log is tested; with CI=true that is an error, above.
describe.each(Object.entries(logs))('the log in %s', (_name, prepare) => {
  test('gives entries in order, again until they are acknowledged, to any owner', async () => {
    const open = await prepare()
    const log = await open()
    const ids: string[] = []
    for (let at = 0; at < 5; at++) ids.push(await log.append(3, 'a/b/C', `t${at}`))
    await log.append(4, 'a/b/D', 'other')
    expect(await log.lengths([3, 4, 5])).toEqual([5, 1, 0])
    expect(texts(await log.read(3, 2, false))).toEqual(['t0', 't1'])
    expect(texts(await log.read(3, 10, false))).toEqual(['t2', 't3', 't4'])
    const next = await open()
    const again = await next.read(3, 10, true)
    expect(texts(again)).toEqual(['t0', 't1', 't2', 't3', 't4'])
    expect(again.map(({ id }) => id)).toEqual(ids)
    await next.acknowledge(3, ids.slice(0, 2))
    expect([await next.holds(3, ids[1]!), await next.holds(3, ids[2]!)]).toEqual([false, true])
    expect(texts(await (await open()).read(3, 10, true))).toEqual(['t2', 't3', 't4'])
    expect(await next.lengths([3, 4])).toEqual([3, 1])
  })

  test('refuses when a slot is full, and only there', async () => {
    const log = await (await prepare())()
    for (let at = 0; at < maxEntries; at++) await log.append(1, 'a/b/C', String(at))
    await expect(log.append(1, 'a/b/C', 'x')).rejects.toMatchObject({ code: 'BACKPRESSURE' })
    await log.append(2, 'a/b/C', 'y')
    const [first] = await log.read(1, 1, true)
    await log.acknowledge(1, [first!.id])
    await log.append(1, 'a/b/C', 'z')
    expect((await log.lengths([1]))[0]).toBe(maxEntries)
  })

  test('whatever is appended, read by changing owners and acknowledged comes once and in order', async () => {
    const open = await prepare()
    let slot = 10
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.record({ kind: fc.constant('append' as const) }),
            fc.record({
              kind: fc.constant('read' as const),
              count: fc.integer({ min: 1, max: 4 }),
            }),
            fc.record({ kind: fc.constant('owner' as const) }),
          ),
          { size: 'max', maxLength: 25 },
        ),
        async (steps) => {
          slot++
          let log = await open()
          let again = true
          const sent: string[] = []
          const stored: string[] = []
          const readSome = async (count: number): Promise<number> => {
            // An owner reads what was read before it first, and acknowledges what it has stored.
            const entries = await log.read(slot, count, again)
            again = entries.length > 0
            stored.push(...texts(entries))
            await log.acknowledge(
              slot,
              entries.map(({ id }) => id),
            )
            return entries.length
          }
          for (const step of steps) {
            if (step.kind === 'append' && sent.length < maxEntries) {
              await log.append(slot, 'a/b/C', `s${sent.length}`)
              sent.push(`s${sent.length}`)
            } else if (step.kind === 'read') await readSome(step.count)
            else if (step.kind === 'owner') {
              log = await open()
              again = true
            }
          }
          for (let empty = 0; empty < 2;) empty = (await readSome(5)) === 0 ? empty + 1 : 0
          expect(stored).toEqual(sent)
        },
      ),
      { numRuns: propertyRuns(3) },
    )
  })
})

function texts(entries: readonly { ticks: string }[]): string[] {
  return entries.map(({ ticks }) => ticks)
}
