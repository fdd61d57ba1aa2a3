import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../support/store.ts'

it('a run whose process never comes back is ended, by name, and the others count', async () => {
  const folder = temporaryFolder(fileURLToPath(new URL('..', import.meta.url)))
  const written = (name: string, body: string): void =>
    writeFileSync(
      join(folder, `${name}.test.js`),
      `import { it } from 'vitest'\nit('of ${name}', () => { ${body} })\n`,
    )
  written('well', '')
  written('stuck', 'for (;;);')
  writeFileSync(join(folder, 'vitest.config.js'), "export default { test: { pool: 'forks' } }")
  const reporter = fileURLToPath(new URL('../../scripts/stalled-run.ts', import.meta.url))
  const args = ['vitest', 'run', '--reporter=json', `--reporter=${reporter}`]
  const environment = { ...process.env, PAIRDUCK_STALLED_MS: '4000' }
  const { code, stdout, stderr } = await new Promise<Record<string, unknown>>((resolve) => {
    execFile('npx', args, { cwd: folder, env: environment }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    )
  })
  expect(code).toBe(1)
  expect(stderr).toMatch(/Nothing has passed.*\n.*stuck\.test\.js, for \d+ s\n/)
  expect(stdout).toContain('"of well","status":"passed"')
})
