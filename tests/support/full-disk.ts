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

/** Rows that were acknowledged, or the code of what was said instead. */
async function insert(pair: string, first: number, count: number): Promise<number | string> {
  try {
    return (await db.insertTicks(pair, ticks(first, count))).inserted
  } catch (error) {
    return PairduckError.is(error) ? error.code : String(error)
  }
}

let acknowledged = 0
let code: number | string = 0
for (
  let size = Number(process.argv[3]);
  acknowledged < 1_000_000;
  size *= Number(process.argv[4])
) {
  code = await insert('x/spot/A', acknowledged, size)
  if (typeof code === 'string') break
  acknowledged += code
}
const afterwards = await insert('x/spot/A', 900_000, 1)
const other = await insert('x/spot/B', 0, 1)
const cleanup =
  process.argv[5] === 'cleanup' &&
  (await db
    .cleanupPair('x/spot/A')
    .catch((error: unknown) =>
      PairduckError.is(error) ? `${error.code}: ${error.message}` : String(error),
    ))
process.stdout.write(JSON.stringify({ cleanup, code, acknowledged, afterwards, other }), () =>
  process.kill(process.pid, 'SIGKILL'),
)
