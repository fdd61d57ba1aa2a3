import { expect, test } from 'vitest'
import { connect } from '../../../src/client/index.ts'
import { connectValkey, Producer } from '../../../src/cluster/index.ts'
import { calculateCvdQuery, DatabaseManager, getRecentTicksQuery } from '../../../src/index.ts'
import { cliRun } from '../../support/cli-run.ts'
import { temporaryFolder } from '../../support/store.ts'
import { startValkey } from '../../support/valkey.ts'

const newest = getRecentTicksQuery({ limit: 5 })
const address = /^http:\/\/127\.0\.0\.1:\d+$/

test('a worker stores what is sent, workers shows it, and it drains when it is stopped', async () => {
  await using server = await startValkey()
  const dataDir = temporaryFolder()
  const place = ['--url', server.url, '--slots', '8', '--data-dir', dataDir]
  const none = await cliRun(['workers', ...place])
  expect(none).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('no workers') })
  expect(none.stdout).toContain('8 slots without a worker, 0 calls waiting there')

  const stop = new AbortController()
  const worker = cliRun(['worker', '--member', 'w1', '--port', '0', ...place], {
    signal: stop.signal,
  })
  const client = await connectValkey({ url: server.url })
  const producer = new Producer({ client, slots: 8 })
  const tick = { timestamp: Date.now(), price: 5, volume: 2, side: 'BUY' as const, tradeId: '1' }
  await producer.insertTicks('sim/spot/A', [tick], { until: 'stored' })
  const { stdout } = await cliRun(['workers', '--json', ...place])
  expect(JSON.parse(stdout)).toMatchObject({
    members: [{ member: 'w1', address: expect.stringMatching(address), slots: 8, waiting: 0 }],
    unowned: 0,
  })
  expect((await cliRun(['workers', ...place])).stdout).toMatch(
    /w1 .*http:\/\/127\.0\.0\.1:\d+ +8 +0/,
  )
  const store = await connect({ cluster: { client, slots: 8 } }, { reconnectMs: 0 })
  expect(await store.query('sim/spot/A', newest)).toMatchObject([tick])
  expect(await store.queryColumns('sim/spot/A', calculateCvdQuery())).toMatchObject({
    cvd: Float64Array.of(2),
  })
  const hostile = { name: 'hostile', sql: `FROM'/etc/passwd'`, params: {} }
  await expect(store.query('sim/spot/A', hostile)).rejects.toMatchObject({
    code: 'REQUEST_REFUSED',
  })
  await expect(store.query('x/y', newest)).rejects.toMatchObject({
    code: 'INVALID_PAIR',
  })
  const followed = store.follow('sim/spot/A', newest)
  expect((await followed.next()).value).toMatchObject([{ tradeId: '1' }])
  const later = { ...tick, timestamp: tick.timestamp + 1, tradeId: '2' }
  await producer.insertTicks('sim/spot/A', [later], { until: 'stored' })
  expect((await followed.next()).value).toMatchObject([later, tick])
  await followed.return()
  const minute = Math.floor(tick.timestamp / 60_000) * 60_000
  const bars = store.replay('sim/spot/A', { timeframe: '1m', from: minute, to: minute + 120_000 })
  expect((await bars.next()).value).toMatchObject({ candle: { close: 5 } })
  await bars.return()
  stop.abort()
  const worked = await worker
  expect(worked).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('w1 holds 8 slots of 8'),
    stderr: expect.stringContaining('ticks are kept for 15 min where a pair has no rules'),
  })
  // Once for all of them, not for each.
  expect(worked.stdout.match(/holds \d slots/g)).toEqual(['holds 8 slots', 'holds 0 slots'])
  expect((await cliRun(['workers', ...place])).stdout).toContain('no workers')
  await expect(store.query('sim/spot/A', newest)).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
  await store.close()

  // One that waits is answered by the next owner, whoever it is.
  await using patient = await connect({ cluster: { client, slots: 8 } }, { reconnectMs: 60_000 })
  const answer = patient.query('sim/spot/A', newest)
  const stopNext = new AbortController()
  const next = cliRun(['worker', '--member', 'w2', '--port', '0', '--keep', 'forever', ...place], {
    signal: stopNext.signal,
  })
  expect(await answer).toMatchObject([later, tick])
  stopNext.abort()
  expect((await next).stderr).not.toContain('ticks are kept')
  await producer.close()
  await client.close()

  const db = await DatabaseManager.open({ dataDir })
  expect(await db.query('sim/spot/A', getRecentTicksQuery({ limit: 5 }))).toMatchObject([
    later,
    tick,
  ])
  await db.close()
})
