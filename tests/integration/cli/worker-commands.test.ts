import { expect, test } from 'vitest'
import { connectValkey, Producer } from '../../../src/cluster/index.ts'
import { DatabaseManager, getRecentTicksQuery } from '../../../src/index.ts'
import { cliRun } from '../../support/cli-run.ts'
import { temporaryFolder } from '../../support/temporary-store.ts'
import { startValkey } from '../../support/valkey.ts'

test('a worker stores what is sent, workers shows it, and it drains when it is stopped', async () => {
  await using server = await startValkey()
  const dataDir = await temporaryFolder()
  const place = ['--url', server.url, '--slots', '8', '--data-dir', dataDir]
  const none = await cliRun(['workers', ...place])
  expect(none).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('no workers') })
  expect(none.stdout).toContain('8 slots without a worker, 0 calls waiting there')

  const stop = new AbortController()
  const worker = cliRun(['worker', '--member', 'w1', '--address', 'http://127.0.0.1:1', ...place], {
    signal: stop.signal,
  })
  const client = await connectValkey({ url: server.url })
  const producer = new Producer({ client, slots: 8 })
  const tick = { timestamp: Date.now(), price: 5, volume: 2, side: 'BUY' as const, tradeId: '1' }
  await producer.insertTicks('sim/spot/A', [tick], { until: 'stored' })
  const { stdout } = await cliRun(['workers', '--json', ...place])
  expect(JSON.parse(stdout)).toMatchObject({
    members: [{ member: 'w1', address: 'http://127.0.0.1:1', slots: 8, waiting: 0 }],
    unowned: 0,
  })
  expect((await cliRun(['workers', ...place])).stdout).toMatch(/w1 .*http:\/\/127\.0\.0\.1:1 +8 +0/)
  stop.abort()
  expect(await worker).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('w1 holds 8 slots of 8'),
  })
  expect((await cliRun(['workers', ...place])).stdout).toContain('no workers')
  await producer.close()
  await client.close()

  const db = await DatabaseManager.open({ dataDir })
  expect(await db.query('sim/spot/A', getRecentTicksQuery({ limit: 5 }))).toMatchObject([tick])
  await db.close()
})
