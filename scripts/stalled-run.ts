/**
 * A reporter of vitest. A test's own timeout ends nothing when its process is stuck in one call, and
 * a file in which every test waits for the same thing takes its timeout over and over. So a run in
 * which nothing has passed for minutes is ended here: what was running is told by name, with what its
 * processes were doing, and those are killed; vitest reports their files as failed, and all others
 * as they went.
 */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Reporter, TestCase, TestModule } from 'vitest/node'

/** How long nothing may pass. The longest test takes half a minute on two quiet cores. */
const stalledMs = Number(process.env['PAIRDUCK_STALLED_MS'] ?? 8 * 60_000)

export default class StalledRun implements Reporter {
  readonly #running = new Map<string, number>()
  #passedAt = performance.now()
  #isEnding = false
  #timer: NodeJS.Timeout | undefined

  onTestRunStart(): void {
    this.#passedAt = performance.now()
    this.#timer = setInterval(() => {
      if (this.#isEnding || performance.now() - this.#passedAt < stalledMs) return
      this.#isEnding = true
      // Vitest fails what is killed, and starts the files after it, which get their minutes too.
      void this.#end().finally(() => {
        this.#isEnding = false
        this.#passedAt = performance.now()
      })
    }, stalledMs / 10)
    this.#timer.unref()
  }

  onTestRunEnd(): void {
    clearInterval(this.#timer)
  }

  onTestModuleQueued({ relativeModuleId }: TestModule): void {
    this.#running.set(relativeModuleId, performance.now())
  }

  onTestModuleEnd({ relativeModuleId }: TestModule): void {
    this.#running.delete(relativeModuleId)
  }

  onTestCaseReady(test: TestCase): void {
    this.#running.set(nameOf(test), performance.now())
  }

  onTestCaseResult(test: TestCase): void {
    this.#running.delete(nameOf(test))
    if (test.result().state === 'passed') this.#passedAt = performance.now()
  }

  async #end(): Promise<void> {
    const all = await processes()
    const lines = [`\nNothing has passed for ${stalledMs / 60_000} minutes. Running:`]
    for (const [name, since] of this.#running)
      lines.push(`  ${name}, for ${Math.round((performance.now() - since) / 1000)} s`)
    lines.push('Processes (pid, parent, state, waits in, command):')
    for (const { text } of below(process.pid, all)) lines.push(`  ${text.slice(0, 200)}`)
    const workers = all.filter(({ parent, text }) => parent === process.pid && isWorker.test(text))
    for (const { pid } of workers) lines.push(...(await whatItDoes(pid)))
    console.error(lines.join('\n'))
    for (const { pid } of workers) kill(pid, 'SIGKILL')
  }
}

interface Process {
  readonly pid: number
  readonly parent: number
  readonly text: string
}

const isWorker = /vitest.*workers.forks/

async function processes(): Promise<Process[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid,ppid,stat,wchan,args'])
  const lines = stdout.trim().split('\n').slice(1)
  return lines.map((line) => {
    const [pid, parent] = line.trim().split(/\s+/)
    return { pid: Number(pid), parent: Number(parent), text: short(line) }
  })
}

/** Without the flags of node, which are many. */
function short(line: string): string {
  return line.trim().replace(/ --[^ ]* (?:\S*suppress-warnings.cjs|node|development)(?= )/g, '')
}

function below(pid: number, all: readonly Process[]): Process[] {
  const children = all.filter(({ parent }) => parent === pid)
  return children.flatMap((child) => [child, ...below(child.pid, all)])
}

/** What a process waits for, by the report that it writes on SIGUSR2, or where it is stuck. */
async function whatItDoes(pid: number): Promise<string[]> {
  kill(pid, 'SIGUSR2')
  await delay(3000)
  const folder = process.env['PAIRDUCK_REPORT_FOLDER'] ?? '.'
  const name = readdirSync(folder).find(
    (each) => each.startsWith('report.') && each.includes(`.${pid}.`),
  )
  if (name === undefined) {
    const stack = await promisify(execFile)('gdb', ['-p', `${pid}`, '-batch', '-ex', 'bt']).then(
      ({ stdout }) => stdout.split('\n').filter((line) => line.startsWith('#')),
      () => ['  (gdb would tell, where it is installed and may look)'],
    )
    const told = stack.slice(0, 20).map((line) => `  ${line.slice(0, 160)}`)
    return [`Process ${pid} does not come back to its event loop, and is in:`, ...told]
  }
  const { libuv } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as {
    libuv: { type: string; is_active: boolean }[]
  }
  const handles = libuv.filter((handle) => handle.is_active).map(({ type }) => type)
  return [`Process ${pid} waits in its event loop for ${handles.join(', ')}`]
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended by itself.
  }
}

function nameOf(test: TestCase): string {
  return `${test.module.relativeModuleId} > ${test.fullName}`
}
