import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it, onTestFinished } from 'vitest'
import { connect } from '../../../src/client/index.ts'
import { childProgram } from '../../support/child-program.ts'
import { nextWord } from '../../support/child-words.ts'
import { openManager, someTicks, sql, temporaryFolder } from '../../support/store.ts'

const pair = 'x/spot/A'
const count = sql<{ n: number }>('SELECT count(*) AS n FROM ticks')

/** Another process that holds the pair of a data directory. */
async function owner(dataDir: string): Promise<ChildProcess> {
  const program = await childProgram(new URL('../../support/store-owner.ts', import.meta.url))
  const child = fork(program, [dataDir, '0', pair])
  onTestFinished(() => void child.kill('SIGKILL'))
  await nextWord(child)
  return child
}

describe('connect to whoever works on a data directory', () => {
  it('passes over a process that only passes by', async () => {
    const dataDir = temporaryFolder()
    const passing = await openManager({ dataDir, localSocket: 'passing' })
    await expect(connect({ dataDir })).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
    await owner(dataDir)
    await using store = await connect({ dataDir })
    // Only the other process can have that pair.
    expect(await store.insertTicks(pair, someTicks(3))).toMatchObject({ inserted: 3 })
    await using named = await connect({ dataDir, pid: process.pid })
    expect(await named.hello()).toMatchObject({ passing: true })
    await passing.close()
  })

  it('goes on with the process that comes after it', async () => {
    const dataDir = temporaryFolder()
    const first = await owner(dataDir)
    await using store = await connect({ dataDir })
    await store.insertTicks(pair, someTicks(3))
    first.kill('SIGKILL')
    await once(first, 'exit')
    const later = store.insertTicks(pair, someTicks(4))
    await owner(dataDir)
    expect(await later).toMatchObject({ inserted: 1, duplicates: 3 })
    expect(await store.query(pair, count)).toEqual([{ n: 4 }])
  })
})
