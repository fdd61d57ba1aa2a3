import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect, onTestFinished } from 'vitest'
import { childProgram } from '../child-program.ts'
import { temporaryFolder } from '../store.ts'
import type { SoakOrder, SoakSample } from './soak-program.ts'

interface SoakEnd {
  readonly listenersThrew: number
  readonly others: readonly string[]
  readonly sent: number
  readonly rounds: number
  readonly pendingTicks: number
  readonly descriptorsBefore: number
  readonly descriptorsAfter: number
}

interface SoakRun {
  readonly seed: number
  /** How long it takes, or up to three times as long. */
  readonly forMs: number
  readonly everyMs: number
  readonly samples: number
}

/** How much more the last third of a run may hold than its middle third, on average. */
const growth = { rssMb: 12, heapMb: 4, descriptors: 2, files: 3, megabytes: 6 }
/** With fewer samples than this a process is still growing into its work. */
const settledSamples = 30

/**
 * Runs a careless program for a while: leases that are never given back, queries that are aborted,
 * listeners that throw, readers that leave, late and repeated ticks, cleanups and copies. What its
 * process holds must not grow, and all of it is given back at the end. One that has grown goes on, up to
 * three times as long: on a busy machine it takes longer to grow into its work, but only a leak never ends.
 */
export async function expectFlat(run: SoakRun): Promise<void> {
  const { samples, end } = await soak(run)
  expect(end.others).toEqual([])
  expect(end.listenersThrew).toBeGreaterThan(end.rounds)
  expect(end.pendingTicks).toBe(0)
  expect(end.descriptorsAfter).toBeLessThanOrEqual(end.descriptorsBefore + 4)
  console.log(`${end.rounds} rounds, ${end.sent} ticks`)
  for (const sample of samples)
    expect(sample).toMatchObject({ pendingTicks: 0, waiting: expect.toSatisfy((n) => n <= 12) })
  expect(grown(samples)).toEqual([])
}

/** What has grown by too much. */
function grown(samples: readonly SoakSample[]): string[] {
  if (samples.length < settledSamples) return []
  const third = Math.floor(samples.length / 3)
  const [middle, last] = [samples.slice(third, 2 * third), samples.slice(-third)]
  return (Object.keys(growth) as (keyof typeof growth)[]).flatMap((name) => {
    const [before, after] = [middle, last].map((part) => mean(part.map((each) => each[name])))
    const told = `${name}: ${before!.toFixed(1)}, then ${after!.toFixed(1)}`
    console.log(told)
    return after! - before! < growth[name] ? [] : [told]
  })
}

async function soak(run: SoakRun): Promise<{ samples: SoakSample[]; end: SoakEnd }> {
  const { seed, everyMs } = run
  const sampleEveryMs = run.forMs / run.samples
  const order: SoakOrder = { folder: temporaryFolder(), seed, everyMs, sampleEveryMs }
  const program = await childProgram(new URL('soak-program.ts', import.meta.url))
  const child = spawn(process.execPath, ['--expose-gc', program, JSON.stringify(order)], {
    stdio: 'pipe',
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let complaint = ''
  child.stderr.on('data', (text: Buffer) => (complaint += text.toString()))
  const ended = once(child, 'exit')
  const samples: SoakSample[] = []
  let end = {} as SoakEnd
  for await (const text of createInterface(child.stdout)) {
    const line = JSON.parse(text) as SoakSample | SoakEnd
    if (!('round' in line)) end = { ...end, ...line }
    else if (!child.stdin.writableEnded) {
      samples.push(line)
      const isWhole = samples.length % run.samples === 0
      const isLast = samples.length === 3 * run.samples
      if (isWhole && (isLast || grown(samples).length === 0)) child.stdin.end()
    }
  }
  expect({ complaint, code: (await ended)[0] as unknown }).toEqual({ complaint: '', code: 0 })
  return { samples, end }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
