/** Runs one group and hands its rows to the parent; bench/main.ts forks it. */
import type { BenchGroup } from './row.ts'

const { run } = (await import(process.argv[2]!)) as { run: BenchGroup }
const rows = await run()
process.send!(rows, () => process.disconnect())
