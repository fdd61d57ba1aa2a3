/** `npm run build`: src/ → dist/, plain tsc, the command line made executable, the door for CommonJS, and the page. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import manifest from '../package.json' with { type: 'json' }
import { buildPage } from './build-page.ts'
import { writeCommonJs } from './common-js.ts'
import { root, run } from './run.ts'

const dist = join(root, 'dist')

mkdirSync(dist, { recursive: true })
// The page is replaced file by file below: a server that runs from src/ reads it meanwhile.
for (const name of readdirSync(dist))
  if (name !== 'page') rmSync(join(dist, name), { recursive: true, force: true })
const exitCode = await run('tsc', ['-p', 'tsconfig.build.json'])
if (exitCode === 0) {
  makeExecutable(join(dist, 'cli', 'main.js'))
  writeCommonJs(root, manifest.exports)
  await buildPage()
}
process.exitCode = exitCode

/** A bin without its first line would be run by the shell as a shell script. */
function makeExecutable(file: string): void {
  if (!readFileSync(file, 'utf8').startsWith('#!/usr/bin/env node\n'))
    throw new Error(`${file} does not begin with #!/usr/bin/env node`)
  chmodSync(file, 0o755)
}
