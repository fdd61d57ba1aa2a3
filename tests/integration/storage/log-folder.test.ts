import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { LogFolder } from '../../../src/storage/log/log-folder.ts'
import { temporaryFolder } from '../../support/store.ts'

it('a log is removed although others ask for its owner, which makes the file of the lock anew', async () => {
  const root = temporaryFolder()
  for (let round = 0; round < 8; round++) {
    const log = await LogFolder.create(join(root, 'log'))
    const done = new AbortController()
    const ask = async (): Promise<void> => {
      // Each asks for a while, as a process does that finds the folder and then sees that it goes.
      for (let time = 0; time < 40 && !done.signal.aborted; time++)
        await writeFile(join(log.path, 'owner.duckdb'), '').catch(() => undefined)
    }
    const asking = Promise.all([ask(), ask(), ask()])
    await log.remove()
    done.abort()
    await asking
    expect(existsSync(log.path)).toBe(false)
  }
})
