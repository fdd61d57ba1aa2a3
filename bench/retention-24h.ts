/**
 * 24 simulated hours of 50 ticks/s in commits of 10 under the default retention, with a reader now
 * and then: `npx tsx bench/retention-24h.ts [minutes]`. The tests run 45 minutes of the same.
 */
import { inScratchFolder } from './harness/scratch-folder.ts'
import { simulateRetention } from './storage/retention-day.ts'

const minutes = Number(process.argv[2] ?? 24 * 60)
const startedAt = performance.now()
const day = await inScratchFolder((folder) => simulateRetention(folder, minutes))
const seconds = Math.round((performance.now() - startedAt) / 1000)
console.log(JSON.stringify({ minutes, seconds, ...day }, undefined, 2))
process.exitCode = day.worstShareOfBound <= 1 ? 0 : 1
