import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import {
  calculateCvdQuery,
  calculateMarketProfileQuery,
  DatabaseManager,
  type Query,
} from '../../src/index.ts'
import { interleave } from '../harness/interleave.ts'
import { begin, cpuSecondsOf, dayMs, pair, storeDays, type Days } from './days-of-ticks.ts'

export interface DayOutOf {
  readonly peakMb: { readonly first: number; readonly second: number }
  readonly questions: readonly {
    readonly name: string
    readonly archivedMs: number
    readonly inOneFileMs: number
  }[]
}

/** Archives all days of a pair, and asks for single ones there and in a copy that keeps them. */
export async function dayOutOf(folder: string, size: Days): Promise<DayOutOf> {
  const [kept, archived] = [join(folder, 'kept'), join(folder, 'archived')]
  await storeDays(kept, join(folder, 'ticks.parquet'), size)
  await cp(kept, archived, { recursive: true })
  const db = await DatabaseManager.open({
    dataDir: archived,
    archive: join(folder, 'archive'),
    retention: 'forever',
  })
  const whole = await DatabaseManager.open({ dataDir: kept, retention: 'forever' })
  try {
    const peakMb = {
      first: await peakOf(() => archiveUpTo(db, size.days / 2)),
      second: await peakOf(() => archiveUpTo(db, size.days)),
    }
    const questions = [
      { name: 'the sums', of: calculateCvdQuery },
      {
        name: 'the profile',
        of: (day: object) => calculateMarketProfileQuery({ ...day, binSize: 10 }),
      },
    ]
    const answered = []
    for (const { name, of } of questions) {
      let asked = 0
      const next = (): Query<object> => {
        const from = begin + ((asked++ * 7) % size.days) * dayMs
        return of({ from, to: from + dayMs })
      }
      const { archivedMs, inOneFileMs } = await interleave({
        archivedMs: () => cpuMsOf(() => db.query(pair, next(), { history: true })),
        inOneFileMs: () => cpuMsOf(() => whole.query(pair, next())),
      })
      answered.push({ name, archivedMs, inOneFileMs })
    }
    return { peakMb, questions: answered }
  } finally {
    await Promise.all([db.close(), whole.close()])
  }
}

async function cpuMsOf(work: () => Promise<unknown>): Promise<number> {
  return (await cpuSecondsOf(work)) * 1000
}

function archiveUpTo(db: DatabaseManager, days: number): Promise<unknown> {
  return db.archivePair(pair, { now: begin + days * dayMs, olderThanMs: 0 })
}

/** The most resident memory (MB) that the process had meanwhile, seen every 20 ms. */
async function peakOf(work: () => Promise<unknown>): Promise<number> {
  let peak = 0
  const look = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss() / 2 ** 20)
  }, 20)
  try {
    await work()
  } finally {
    clearInterval(look)
  }
  return peak
}
