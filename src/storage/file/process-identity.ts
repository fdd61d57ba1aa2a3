import { existsSync, readFileSync, readlinkSync } from 'node:fs'

/** Who holds something: a process, by number and start, because numbers are used again. */
export interface ProcessIdentity {
  readonly pid: number
  readonly started: string
  /** The system's name of the thread, where it tells: one of this process may end before it. */
  readonly thread?: string
}

/** The process and thread that run this. */
export function ownIdentity(): ProcessIdentity {
  const thread = ownThread()
  return {
    pid: process.pid,
    started: ownStart(),
    ...(thread === undefined ? {} : { thread }),
  }
}

/** Whether that process, and that thread of it, still runs; false for what names none. */
export function isRunning(identity: Partial<ProcessIdentity> | null): boolean {
  const { pid, started, thread } = identity ?? {}
  if (typeof pid !== 'number' || typeof started !== 'string') return false
  if (pid !== process.pid) return isAlive(pid) && (startOf(pid) ?? started) === started
  if (!sameStart(started, ownStart())) return false
  return thread === undefined || threadStart(thread) !== undefined
}

/** Whether there is a process of that number. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** Where the start is only known in seconds, two threads may round it differently. */
function sameStart(a: string, b: string): boolean {
  return a === b || Math.abs(Number(a) - Number(b)) <= 2
}

let started: string | undefined

/** The same for all threads of one process, another one for every other process. */
function ownStart(): string {
  return (started ??=
    startOf(process.pid) ?? String(Math.round(Date.now() / 1000 - process.uptime())))
}

/** Linux tells when a process began, in ticks since the boot. */
function startOf(pid: number): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${boot}/${fieldStart(readFileSync(`/proc/${pid}/stat`, 'utf8'))}`
  } catch {
    return undefined
  }
}

/** `<number>@<start>` of the calling thread. */
function ownThread(): string | undefined {
  try {
    const number = readlinkSync('/proc/thread-self').split('/').at(-1)!
    return `${number}@${fieldStart(readFileSync(`/proc/self/task/${number}/stat`, 'utf8'))}`
  } catch {
    return undefined
  }
}

/** When a thread of this process began; undefined when it has ended. */
function threadStart(thread: string): string | undefined {
  const [number, start] = thread.split('@') as [string, string]
  if (!existsSync('/proc/self/task')) return start
  try {
    const found = fieldStart(readFileSync(`/proc/self/task/${number}/stat`, 'utf8'))
    return found === start ? start : undefined
  } catch {
    return undefined
  }
}

/** The 22nd field of a stat line; the second, a name, may hold anything. */
function fieldStart(stat: string): string {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]!
}
