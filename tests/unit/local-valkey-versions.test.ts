import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findServerBinary } from '../../src/valkey/local/server-binary.ts'
import { installedClients } from '../../src/valkey/local/server-clients.ts'

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pairduck-versions-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

/** A folder of programs that only print their version. */
async function folder(name: string, programs: Readonly<Record<string, string>>): Promise<string> {
  const path = join(dir, name)
  await mkdir(path)
  for (const [program, version] of Object.entries(programs)) {
    const file = join(path, program)
    await writeFile(file, `#!/bin/sh\necho 'Valkey server v=${version} sha=0:0 malloc=libc'\n`)
    await chmod(file, 0o755)
  }
  return path
}

test('a version stands for the newest of it that is found, on the whole PATH', async () => {
  const first = await folder('first', { 'valkey-server': '7.2.8', 'valkey-server-8': '8.0.9' })
  const second = await folder('second', {
    'valkey-server-8.1': '8.0.10',
    'valkey-server9': '9.0.0',
  })
  const env = { PATH: `${first}:${second}:${join(dir, 'none')}` }
  const found = async (version: string): Promise<string> =>
    (await findServerBinary({ env, version })).version
  // 8.0.10 is newer than 8.0.9, whatever their names say.
  expect(await found('8')).toBe('8.0.10')
  expect(await found('8.0')).toBe('8.0.10')
  expect(await found('8.0.9')).toBe('8.0.9')
  expect(await found('7')).toBe('7.2.8')
  expect(await found('9')).toBe('9.0.0')
  const named = { ...env, VALKEY_SERVER: join(second, 'valkey-server9') }
  expect(await findServerBinary({ env: named })).toMatchObject({
    version: '9.0.0',
    foundBy: 'VALKEY_SERVER',
  })
})

test('the clients that are installed are told how to connect', async () => {
  const path = await folder('clients', { 'valkey-cli': '8', iredis: '1' })
  await writeFile(join(path, 'redis-cli'), 'not to be run')
  expect(await installedClients(6390, { PATH: path })).toEqual([
    { name: 'valkey-cli', command: 'valkey-cli -u redis://127.0.0.1:6390' },
    { name: 'iredis', command: 'iredis --url redis://127.0.0.1:6390' },
  ])
  expect(await installedClients(6390, { PATH: join(dir, 'none') })).toEqual([])
})
