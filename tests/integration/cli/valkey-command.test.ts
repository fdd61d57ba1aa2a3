import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { withPlainClient } from '../../../src/valkey/local/plain-client.ts'
import { cliRun } from '../../support/cli-run.ts'
import { freePort } from '../../support/valkey.ts'

let dataDir: string
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'pairduck-cli-'))
})
afterAll(async () => {
  await valkey('stop')
  await rm(dataDir, { recursive: true, force: true })
})

const valkey = (...args: string[]) => cliRun(['valkey', ...args, '--data-dir', dataDir])
const asJson = async (...args: string[]) => JSON.parse((await valkey(...args, '--json')).stdout)

test('the life of a server, for people and for programs', async () => {
  const dir = join(dataDir, '.pairduck', 'valkey')
  expect(await asJson('status')).toEqual({ running: false, dir })
  expect((await valkey('status')).stdout).toBe(`not running; its files: ${dir}\n`)
  const port = await freePort()
  const begun = await asJson('start', '--port', String(port))
  expect(begun).toMatchObject({ running: true, dir, port, url: `valkey://127.0.0.1:${port}` })
  expect((await valkey('status')).stdout).toMatch(
    new RegExp(
      `^Valkey ${begun.version} runs on ${begun.url} \\(pid ${begun.pid}\\).*\nfor other tools: redis://127.0.0.1:${port}\n`,
    ),
  )
  expect((await asJson('logs', '--lines', '3')).length).toBe(3)
  expect((await valkey('logs')).stdout).toContain('Ready to accept connections')

  await withPlainClient({ port }, (send) => send('SET', 'k', 'v'))
  const file = join(dataDir, 'a.valkey')
  expect(await asJson('backup', file)).toEqual({ file })
  expect(await readFile(file, 'utf8')).toContain('\nSET k v\n')
  await withPlainClient({ port }, (send) => send('SET', 'k', 'w'))
  expect((await valkey('restore', file)).stdout).toBe(`restored 1 keys from ${file}\n`)
  expect(String(await withPlainClient({ port }, (send) => send('GET', 'k')))).toBe('v')

  expect(await asJson('stop')).toEqual({ stopped: true })
  expect((await valkey('stop')).stdout).toBe('it was not running\n')
})

test('mistakes: wrong usage is 2, a failure is 1 with its code', async () => {
  const wrong = await valkey('backup', join(dataDir, 'a.txt'))
  expect(wrong).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('.rdb or .valkey') })
  expect((await valkey('start', '--port', '0')).exitCode).toBe(2)
  const missing = await valkey('restore', join(dataDir, 'none.rdb'))
  expect(missing.exitCode).toBe(1)
  expect(missing.stderr).toMatch(/^pairduck: INVALID_BACKUP: there is no .*none\.rdb\n$/)
})
