import { mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeFolder } from '../../src/sync-folder.ts'

describe('makeFolder', () => {
  let root: string
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'pairduck-folder-'))
  })
  afterAll(() => rm(root, { recursive: true, force: true }))

  // A recursive mkdir of Node 20 never comes back from there, and its process ignores SIGTERM.
  it.runIf(process.platform === 'linux').each(['/proc/pairduck', '/proc/pairduck/below/it'])(
    'ends with an error where the system says that there is no %s',
    async (folder) => {
      await expect(makeFolder(folder)).rejects.toMatchObject({
        code: 'ENOENT',
        path: '/proc/pairduck',
      })
    },
  )

  it('makes what is missing, and nothing of what is there', async () => {
    const folder = join(root, 'a', 'b', 'c')
    await makeFolder(relative(process.cwd(), folder), 0o700)
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
    await writeFile(join(folder, 'kept'), '')
    await makeFolder(folder)
    expect(await readdir(folder)).toEqual(['kept'])
  })

  it('is the same folder for all who make it at once', async () => {
    const folders = Array.from({ length: 40 }, (_, i) => join(root, 'at-once', 'x', `${i % 4}`))
    await Promise.all(folders.map((folder) => makeFolder(folder)))
    expect((await readdir(join(root, 'at-once', 'x'))).toSorted()).toEqual(['0', '1', '2', '3'])
  })

  it('names the file, or the link to nothing, that is in the way', async () => {
    const [file, link] = [join(root, 'file'), join(root, 'link')]
    await writeFile(file, '')
    await symlink(join(root, 'nowhere'), link)
    for (const path of [file, link])
      for (const folder of [path, join(path, 'below')])
        await expect(makeFolder(folder)).rejects.toMatchObject({ code: 'EEXIST', path })
  })
})
