/** `npm run build`: src/ → dist/, plain tsc, and the command line made executable. */
import { chmodSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { root, run } from './run.ts'

const dist = join(root, 'dist')
const bin = join(dist, 'cli', 'main.js')

rmSync(dist, { recursive: true, force: true })
const exitCode = await run('tsc', ['-p', 'tsconfig.build.json'])
if (exitCode === 0) makeExecutable(bin)
process.exitCode = exitCode

/** A bin without its first line would be run by the shell as a shell script. */
function makeExecutable(file: string): void {
  if (!readFileSync(file, 'utf8').startsWith('#!/usr/bin/env node\n'))
    throw new Error(`${file} does not begin with #!/usr/bin/env node`)
  chmodSync(file, 0o755)
}
