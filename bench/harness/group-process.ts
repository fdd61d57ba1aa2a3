/** Runs one group and hands its rows to the parent; bench/main.ts forks it. */
import type { BenchGroup, BenchSize } from './row.ts'

const { run } = (await import(process.argv[2]!)) as { run: BenchGroup }
const rows = await run(JSON.parse(process.argv[3]!) as BenchSize)
process.send!(rows, () => process.disconnect())
