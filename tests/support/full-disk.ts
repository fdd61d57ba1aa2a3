/** Writes until the disk takes no more, then a little, says what became of it, and is gone without closing. */
import { DatabaseManager, PairduckError, type Tick } from '../../src/index.ts'

const db = await DatabaseManager.open({ dataDir: process.argv[2]! })
const now = Date.now()

/** Ids that do not compress, so that the log fills quickly. */
function ticks(first: number, count: number): Tick[] {
  return Array.from({ length: count }, (_, index) => ({
    timestamp: now - 1000 + (first + index) / 1000,
    price: 1,
    volume: 1,
    side: 'BUY',
    tradeId: `${first + index} ${Math.random()} ${Math.random()}`,
  }))
}

let acknowledged = 0
let code: string | undefined
for (let size = 1000; code === undefined && size < 1_000_000; size *= 2)
  try {
    acknowledged += (await db.insertTicks('x/spot/A', ticks(acknowledged, size))).inserted
  } catch (error) {
    code = PairduckError.is(error) ? error.code : String(error)
  }
const { inserted: afterwards } = await db.insertTicks('x/spot/A', ticks(900_000, 1))
const { inserted: other } = await db.insertTicks('x/spot/B', ticks(0, 1))
process.stdout.write(JSON.stringify({ code, acknowledged, afterwards, other }), () =>
  process.kill(process.pid, 'SIGKILL'),
)
