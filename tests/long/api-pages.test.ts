import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { root } from '../../scripts/run.ts'

it('the API reference has a page for each entry point', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pairduck-pages-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await promisify(execFile)('npm', ['run', 'docs', '--', '--out', folder], {
    cwd: root,
    maxBuffer: 2 ** 24,
  })
  const modules = Object.keys(manifest.exports)
    .filter((name) => name !== './package.json')
    .map((name) => (name === '.' ? 'index' : name.slice(2)))
  for (const name of modules)
    expect(await readFile(join(folder, 'modules', `${name}.html`), 'utf8')).toContain('<html')
  expect(await readFile(join(folder, 'classes', 'index.DatabaseManager.html'), 'utf8')).toContain(
    'insertTicks',
  )
})
