/** The command line's start, beside Node's own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { DatabaseManager } from '../../src/index.ts'
import { interleave } from '../harness/interleave.ts'
import type { BenchRow } from '../harness/row.ts'
import { inScratchFolder } from '../harness/scratch-folder.ts'
import { makeTrades, pairNames } from '../storage/trades.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const main = `${root}dist/cli/main.js`
const pairs = pairNames(100)

export function startUp(): Promise<BenchRow[]> {
  return inScratchFolder(async (dataDir) => {
    // As it is installed: without a compiler on the way.
    await node('--import', 'tsx', `${root}scripts/build.ts`)
    const db = await DatabaseManager.open({ dataDir, retention: 'forever' })
    for (const pair of pairs) await db.insertTicks(pair, makeTrades(1000, Date.now() - 3_600_000))
    await db.close()
    const ms = await interleave(
      {
        bare: () => node('-e', '0'),
        version: () => node(main, '--version'),
        stats: () => node(main, 'stats', '--json', '--data-dir', dataDir),
      },
      { rounds: 11 },
    )
    const row = (name: string, value: number, atMost: number): BenchRow => ({
      name,
      value,
      unit: 'ms',
      comparedWith: `node -e 0: ${ms.bare.toFixed(0)} ms`,
      ratio: value / ms.bare,
      target: { atMost },
    })
    return [
      row('pairduck --version', ms.version, 1.8),
      row('pairduck stats of 100 pairs', ms.stats, 6),
    ]
  })
}

async function node(...args: string[]): Promise<void> {
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 2] })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`node ${args.join(' ')} ended with ${code}`)
}
