import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { BlockSize } from '../../../src/storage/duckdb/block-size.ts'
import { childProgram } from '../child-program.ts'
import { DiskModel, type NameRule } from './disk-model.ts'
import { readRecording, type DiskCall } from './recording.ts'
import type { RecordedCall } from './recorded-program.ts'
import { shimEnvironment } from './shim-library.ts'

/** Runs the program in a folder of its own, with such blocks, and returns all that it did to the disk. */
export async function recordProgram(blockSize: BlockSize): Promise<DiskCall[]> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'pairduck-recording-')))
  const [watch, log] = [join(root, 'watched'), join(root, 'log')]
  mkdirSync(watch)
  const program = await childProgram(new URL('recorded-program.ts', import.meta.url))
  try {
    await promisify(execFile)(process.execPath, [program, 'run', watch, String(blockSize)], {
      env: shimEnvironment(watch, log),
    })
    return readRecording(log, watch)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

/** A moment at which the program ends: before a call, or with so many bytes of a write done. */
export interface CrashPoint {
  readonly call: number
  readonly bytes: number
}

/** How a write may be torn: inside its first sector, between sectors and pages, before its last byte. */
const tears = (length: number): number[] =>
  [...new Set([0, 20, 512, 4096, 8192, length - 1])].filter((at) => at >= 0 && at < length)

/** Every moment at which the program may be killed and leave something new. */
export function killPoints(calls: readonly DiskCall[]): CrashPoint[] {
  return calls.flatMap(({ kind, path, data }, call) =>
    path === 'calls'
      ? []
      : (kind === 'write' ? tears(data.length) : [0]).map((bytes) => ({ call, bytes })),
  )
}

/** Those of the moments at which a repacked file takes the place of the pair's, and a few calls later. */
export function atRepackSwap(
  calls: readonly DiskCall[],
  points: readonly CrashPoint[],
): CrashPoint[] {
  const swap = calls.findIndex(({ kind, path }) => kind === 'rename' && path.includes('-compact-'))
  return points.filter(({ call }) => call >= swap - 1 && call <= swap + 4)
}

/** Those at which the first checkpoint after that writes a block, torn in its middle: the log is a new one. */
export function atFirstCheckpoint(
  calls: readonly DiskCall[],
  points: readonly CrashPoint[],
): CrashPoint[] {
  const swap = calls.findIndex(({ kind, path }) => kind === 'rename' && path.includes('-compact-'))
  const first = calls.findIndex((call, at) => at > swap && isBlock(call))
  const end = calls.findIndex((call, at) => at > first && !isBlock(call))
  return points.filter(({ call, bytes }) => call >= first && call < end && bytes === 8192)
}

function isBlock({ kind, path }: DiskCall): boolean {
  return kind === 'write' && path.endsWith('trading.duckdb')
}

/** What the program had been told by then: the calls that it made, the last perhaps unanswered. */
export function callsBefore(calls: readonly DiskCall[], { call }: CrashPoint): RecordedCall[] {
  const made = new Map<number, RecordedCall>()
  for (const { kind, path, data } of calls.slice(0, call)) {
    if (kind !== 'write' || path !== 'calls') continue
    const told = JSON.parse(data.toString()) as RecordedCall
    made.set(told.from, told)
  }
  return [...made.values()]
}

/** Goes through the recording and shows, at each of the sorted points, what is on the disk there. */
export async function atEachPoint(
  calls: readonly DiskCall[],
  points: readonly CrashPoint[],
  work: (point: CrashPoint, disk: DiskModel) => Promise<void>,
  rule?: NameRule,
): Promise<void> {
  const done = { disk: new DiskModel(rule), calls: 0 }
  for (const point of points) {
    for (; done.calls < point.call; done.calls++) done.disk.apply(calls[done.calls]!)
    if (point.bytes === 0) {
      await work(point, done.disk)
      continue
    }
    // The torn write is only of this state: the disk itself goes on without it.
    await done.disk.withPart(calls[point.call]!, point.bytes, () => work(point, done.disk))
  }
}

/** A folder that is emptied for each state. */
export function freshFolder(folder: string): string {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  return folder
}
