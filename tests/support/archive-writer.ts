/** Stores a numbered sequence of ticks and archives it, until it kills itself at a step of the archive. */
import { createInterface } from 'node:readline'
import { folderArchive } from '../../src/archive/store/folder-archive.ts'
import { DatabaseManager } from '../../src/index.ts'
import { stepping } from './archive-steps.ts'
import { archivedPair, archiving, numberedTicks, timeOf } from './archive-sequence.ts'

export interface ArchiveOrder {
  readonly dataDir: string
  readonly archive: string
  /** The first number that is not acknowledged. */
  readonly next: number
  /** The step of the archive at which it dies. */
  readonly dieAt: number
}

for await (const line of createInterface(process.stdin)) await run(JSON.parse(line) as ArchiveOrder)

async function run({ dataDir, archive, dieAt, ...order }: ArchiveOrder): Promise<void> {
  let steps = 0
  let now = order.next
  const store = stepping(folderArchive(archive), () => {
    if (++steps === dieAt) process.kill(process.pid, 'SIGKILL')
  })
  const db = await DatabaseManager.open({
    dataDir,
    archive: store,
    ...archiving,
    clock: () => timeOf(now),
  })
  for (;;) {
    const until = now + 97
    const next = now
    now = until
    await db.insertTicks(archivedPair, numberedTicks(next, until))
    // Ticks of hours that are long archived, one of them for the second time.
    const late = Math.max(0, next - 700)
    await db.insertTicks(archivedPair, numberedTicks(late, late + 2).concat(lateTick(until)))
    process.stdout.write(`${until}\n`)
    await db.archivePair(archivedPair, { compact: until % 2 === 0 })
  }
}

function lateTick(number: number): ReturnType<typeof numberedTicks>[number] {
  const [tick] = numberedTicks(number, number + 1)
  return { ...tick!, timestamp: timeOf(Math.max(0, number - 600)) + 1, tradeId: `late-${number}` }
}
