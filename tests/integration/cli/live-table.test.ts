import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { cliRun } from '../../support/cli-run.ts'
import { freePort } from '../../support/valkey.ts'

/** Ten times as fast as life. */
const start = Date.now()
const now = (): number => start + (Date.now() - start) * 10

/** What a terminal showed, picture after picture: each begins on an emptied screen. */
function pictures(stdout: string): string[] {
  return stdout.split('\u001B[2J\u001B[3J\u001B[H').slice(1)
}

/** The ids of the table under a heading. */
function idsUnder(heading: RegExp, picture: string): string[] {
  const sections = picture.split('\n\n')
  const table = sections.find((section) => heading.test(section)) ?? ''
  return table.split('\n').flatMap((line) => /^demo-\S+/.exec(line) ?? [])
}

const openIds = (picture: string): string[] => idsUnder(/^\d+ open orders/, picture)
const doneIds = (picture: string): string[] => idsUnder(/^done last/, picture)

/** Whether an order was seen to appear and, in a later picture, to be done. */
function lives(seen: readonly string[]): boolean {
  return seen.some((picture, at) => {
    const ids = openIds(picture)
    return seen.slice(at).some((later) => doneIds(later).some((id) => ids.includes(id)))
  })
}

test('after `valkey start`, `mirror --demo` shows simulated orders in a table that lives', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'pairduck-cli-'))
  const here = ['--data-dir', dataDir]
  try {
    const port = String(await freePort())
    expect((await cliRun(['valkey', 'start', '--port', port, ...here])).exitCode).toBe(0)
    const stop = new AbortController()
    const { exitCode, stdout, stderr } = await cliRun(['mirror', '--demo', ...here], {
      now,
      signal: stop.signal,
      screen: { columns: 140, rows: 40 },
      onOutput: (text) => lives(pictures(text)) && stop.abort(),
    })
    expect([exitCode, stderr]).toEqual([0, ''])
    const seen = pictures(stdout)
    for (const picture of seen) {
      expect(picture).toMatch(/^simulated exchange → Valkey change \d+, \d+ seen; Ctrl-C stops\n/)
      // Where the account is slow to answer, the first pictures come before it.
      const isEmpty = / change 0, 0 seen;.*\n\nno open orders\n$/.test(picture)
      expect(isEmpty || /^USDT +[\d.]+ +[\d.]+$/m.test(picture)).toBe(true)
    }
    // What the last picture shows is what is mirrored on the server that was started.
    const shown = [...openIds(seen.at(-1)!), ...doneIds(seen.at(-1)!)]
    expect(shown.length).toBeGreaterThan(0)
    for (const id of shown)
      expect((await cliRun(['orders', '--id', id, ...here])).stdout).toContain(id)
  } finally {
    await cliRun(['valkey', 'stop', ...here])
    await rm(dataDir, { recursive: true, force: true })
  }
})
