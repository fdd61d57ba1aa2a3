import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

/** Sleeps in its own thread until the next beat is due; a cell that is not zero ends it. */
const beats = `
  const { parentPort, workerData } = require('node:worker_threads')
  const cell = new Int32Array(workerData.cell)
  for (let dueAt = performance.now(); Atomics.load(cell, 0) === 0; ) {
    dueAt += workerData.everyMs
    Atomics.wait(cell, 0, 0, Math.max(0, dueAt - performance.now()))
    parentPort.postMessage(0)
  }`

/**
 * Calls back on every beat for so many ms, as a socket wakes who reads it. A timer of this thread's own comes up
 * to a millisecond late, however idle the loop is, which would count as time that an answer took.
 */
export async function onBeats(
  onBeat: () => void,
  { everyMs, ms }: { readonly everyMs: number; readonly ms: number },
): Promise<void> {
  const cell = new SharedArrayBuffer(4)
  const worker = new Worker(beats, { eval: true, workerData: { cell, everyMs } })
  await once(worker, 'message')
  const endsAt = performance.now() + ms
  await new Promise<void>((resolve) => {
    worker.on('message', () => {
      onBeat()
      if (performance.now() >= endsAt) resolve()
    })
  })
  const ended = once(worker, 'exit')
  Atomics.store(new Int32Array(cell), 0, 1)
  Atomics.notify(new Int32Array(cell), 0)
  await ended
}
