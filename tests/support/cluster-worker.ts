/** A worker of a cluster in a process of its own: what `ClusterProcess` starts. */
import { connectValkey, Worker } from '../../src/cluster/index.ts'
import { DatabaseManager } from '../../src/index.ts'

const [url, dataDir, member, leaseMs, slots] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
]
const manager = await DatabaseManager.open({
  dataDir,
  retention: { ticks: 'forever' },
  acquireTimeoutMs: 500,
})
const client = await connectValkey({ url })
const worker = await Worker.start({
  client,
  manager,
  member,
  slots: Number(slots),
  leaseMs: Number(leaseMs),
})
worker.on('error', (error) => process.stderr.write(`${member}: ${String(error)}\n`))
worker.on('slots', (held) => process.send?.({ slots: held }))
process.send?.({ slots: worker.slots })

process.once('SIGTERM', () => {
  void (async () => {
    await worker.stop()
    await manager.close()
    await client.close()
    process.disconnect()
  })()
})
