import { execFile, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { root } from '../../scripts/run.ts'

export interface Outcome {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

/**
 * The real command line as users get it: compiled, in a process of its own. For what only a process
 * shows: exit codes, signals, pipes, locks, what is loaded. All else is `cliRun`'s, which starts
 * none. It is compiled once for a state of src/, since starting the compiled one takes a third of
 * the time.
 */
export class CommandLine {
  readonly #main: string

  private constructor(main: string) {
    this.#main = main
  }

  static async build(): Promise<CommandLine> {
    const cache = join(root, 'node_modules', '.cache', 'pairduck-command-line')
    const built = join(cache, await newestChange(join(root, 'src')))
    await mkdir(cache, { recursive: true })
    if (!(await exists(built))) await compile(cache, built)
    return new CommandLine(join(built, 'dist', 'cli', 'main.js'))
  }

  /** Runs it to its end. */
  async run(args: readonly string[], input = ''): Promise<Outcome> {
    const child = this.start(args)
    child.stdin.end(input)
    return outcomeOf(child)
  }

  /** Runs it where no file may grow larger than so many KiB. */
  runLimited(fileKib: number, args: readonly string[]): Promise<Outcome> {
    const command = `ulimit -f ${fileKib}; exec "$@"`
    return outcomeOf(
      spawn('bash', ['-c', command, 'limited', process.execPath, this.#main, ...args], {
        cwd: root,
      }),
    )
  }

  /** Runs it and reads its one JSON document; throws unless it ended with 0. */
  async json<T>(args: readonly string[]): Promise<T> {
    const { exitCode, stdout, stderr } = await this.run([...args, '--json'])
    if (exitCode !== 0)
      throw new Error(`pairduck ${args.join(' ')} ended with ${exitCode}: ${stderr}`)
    return JSON.parse(stdout) as T
  }

  start(
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): ChildProcessWithoutNullStreams {
    return spawn(process.execPath, [this.#main, ...args], {
      cwd: root,
      env: { ...process.env, ...environment },
    })
  }
}

export function outcomeOf(child: ChildProcessWithoutNullStreams): Promise<Outcome> {
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  // Who does not read what it is given closes the pipe: no failure of the test.
  child.stdin.on('error', () => undefined)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (exitCode) => resolve({ exitCode, stdout, stderr }))
  })
}

/** Into a folder of its own first: two test files may build at the same time. */
async function compile(cache: string, built: string): Promise<void> {
  const older = await readdir(cache)
  const draft = await mkdtemp(join(cache, 'draft-'))
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  // Whether the types are right is another check's matter.
  const onlyCode =
    '--noCheck --isolatedDeclarations false --declaration false --declarationMap false'
  const options = ['-p', 'tsconfig.build.json', '--outDir', join(draft, 'dist')]
  const args = [tsc, ...options, ...onlyCode.split(' ')]
  await promisify(execFile)(process.execPath, args, { cwd: root })
  await cp(join(root, 'package.json'), join(draft, 'package.json'))
  await rename(draft, built).catch(() => rm(draft, { recursive: true, force: true }))
  for (const name of older)
    if (!name.startsWith('draft-')) await rm(join(cache, name), { recursive: true, force: true })
}

async function newestChange(folder: string): Promise<string> {
  const files = await readdir(folder, { recursive: true })
  const times = await Promise.all(
    files.map(async (file) => (await stat(join(folder, file))).mtimeMs),
  )
  return `${files.length}-${Math.max(...times)}`
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
