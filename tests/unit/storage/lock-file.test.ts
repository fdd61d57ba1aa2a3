import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { threadId } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LockFile } from '../../../src/storage/file/lock-file.ts'

/** No process has this number. */
const gone = JSON.stringify({ pid: 2 ** 30, lock: 'x' })

describe('LockFile', () => {
  let folder: string
  let path: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pairduck-lock-'))
    path = join(folder, 'a.lock')
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  it.each([gone, '', 'half a li', 'null'])(
    'takes one that counts for nothing: %j',
    async (text) => {
      await writeFile(path, text)
      const lock = await LockFile.take(path)
      expect(lock).toBeInstanceOf(LockFile)
      expect(await LockFile.take(path)).toMatchObject({ pid: process.pid })
      ;(lock as LockFile).release()
      expect(await readdir(folder)).toEqual([])
    },
  )

  it('leaves nothing behind where the disk has no room for it', async () => {
    await symlink('/dev/full', `${path}.${process.pid}.${threadId}.draft`)
    await expect(LockFile.take(path)).rejects.toMatchObject({ code: 'ENOSPC' })
    expect(await readdir(folder)).toEqual([])
  })

  it('ends with an error where a lock of nobody cannot be moved aside', async () => {
    await writeFile(path, gone)
    const aside = `${path}.${process.pid}.${threadId}.draft.stale`
    await mkdir(aside)
    await expect(LockFile.take(path)).rejects.toMatchObject({
      code: 'IO_FAILED',
      message: expect.stringMatching(/a\.lock: .*rename/),
    })
    expect((await readdir(folder)).toSorted()).toEqual(['a.lock', basename(aside)])
  })

  it('leaves alone what it cannot read', async () => {
    await mkdir(path)
    await expect(LockFile.take(path)).rejects.toMatchObject({
      code: 'IO_FAILED',
      message: expect.stringMatching(/a\.lock: EISDIR/),
    })
    expect(await readdir(folder)).toEqual(['a.lock'])
  })
})
