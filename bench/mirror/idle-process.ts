/** Measures its own event loop, with nothing to do, until it is told to stop. */
import { once } from 'node:events'
import { eventLoopDuring } from '../harness/event-loop.ts'

process.send!('ready')
const { p99Ms } = await eventLoopDuring(() => once(process, 'message'))
process.send!({ p99Ms })
process.disconnect()
