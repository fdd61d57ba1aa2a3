/**
 * `npm run api`: writes api/*.api.md, the public names of each entry point with their types, so that
 * a change of them is seen where it is made. With `check` it writes nothing and fails when a report
 * is not what the sources say. A public name without a doc comment fails either way.
 */
import {
  existsSync,
  mkdtempSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, join, posix } from 'node:path'
import {
  CompilerState,
  Extractor,
  ExtractorConfig,
  ExtractorLogLevel,
} from '@microsoft/api-extractor'
import manifest from '../package.json' with { type: 'json' }
import { root, run } from './run.ts'

const reports = join(root, 'api')
// Where no other tool looks and no build cleans up; not below node_modules, whose files are others'.
const cache = join(root, '.cache')
const compilerOptions = {
  target: 'es2022',
  lib: ['es2023', 'esnext.disposable'],
  module: 'nodenext',
  types: ['node'],
  strict: true,
  skipLibCheck: true,
}

mkdirSync(cache, { recursive: true })
const folder = mkdtempSync(join(cache, 'api-'))
try {
  process.exitCode = await reportAll(process.argv[2] === 'check')
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function reportAll(onlyCheck: boolean): Promise<number> {
  // The sources say every public type themselves: nothing has to be inferred or checked for it.
  const declarations = ['--emitDeclarationOnly', '--declarationMap', 'false', '--noCheck']
  const options = ['-p', 'tsconfig.build.json', ...declarations, '--outDir', folder]
  const compiled = await run('tsc', options)
  if (compiled !== 0) return compiled
  nameCompiledFiles()
  const configs = Object.entries(manifest.exports).flatMap(([name, entry]) =>
    typeof entry === 'string' ? [] : [configOf(name, entry.import)],
  )
  // One program for all of them: reading the declarations takes most of the time.
  const compilerState = CompilerState.create(configs[0]!, {
    additionalEntryPoints: configs.map(({ mainEntryPointFilePath }) => mainEntryPointFilePath),
  })
  const complaints = configs.flatMap((config) => reportOf(config, compilerState, onlyCheck))
  for (const complaint of complaints) console.log(complaint)
  return complaints.length > 0 ? 1 : 0
}

/** The extractor takes `./pair.ts` for another package's file; `./pair.js` is ours. */
function nameCompiledFiles(): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.d.ts')) continue
    const file = join(folder, name)
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replaceAll(/(['"]\.[^'"\n]*)\.ts(['"])/g, '$1.js$2'))
  }
}

/** What is wrong with the report of one entry point. */
function reportOf(
  config: ExtractorConfig,
  compilerState: CompilerState,
  onlyCheck: boolean,
): string[] {
  const file = basename(config.reportFilePath)
  const text = extracted(config, compilerState)
  const path = join(reports, file)
  if (!onlyCheck) {
    mkdirSync(reports, { recursive: true })
    writeFileSync(path, text)
  } else if (!existsSync(path) || readFileSync(path, 'utf8') !== text)
    return [`api/${file} is not what the sources say: npm run api`, ...changes(path, text)]
  return text
    .split('\n')
    .flatMap((line, at, lines) =>
      line.includes('(undocumented)')
        ? [`api/${file}: an editor has no text to show for: ${lines[at + 1]?.trim()}`]
        : [],
    )
}

/** Lines that only one of the two has, in their order. */
function changes(path: string, text: string): string[] {
  const old = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : []
  const now = text.split('\n')
  return [
    ...old.filter((line) => !now.includes(line)).map((line) => `- ${line}`),
    ...now.filter((line) => !old.includes(line)).map((line) => `+ ${line}`),
  ]
}

function configOf(name: string, module: string): ExtractorConfig {
  const temporary = join(folder, 'reports')
  mkdirSync(temporary, { recursive: true })
  return ExtractorConfig.prepare({
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: module.replace('./dist', folder).replace(/\.js$/, '.d.ts'),
      compiler: { overrideTsconfig: { compilerOptions }, skipLibCheck: true },
      apiReport: {
        enabled: true,
        reportFileName: `${name === '.' ? 'pairduck' : posix.basename(name)}.api.md`,
        reportFolder: temporary,
        reportTempFolder: temporary,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf',
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(root, 'package.json'),
  })
}

function extracted(config: ExtractorConfig, compilerState: CompilerState): string {
  Extractor.invoke(config, {
    compilerState,
    localBuild: true,
    messageCallback: (message) => {
      // What it finds stands in the report; the console is for what stops it.
      if (message.logLevel !== ExtractorLogLevel.Error) message.handled = true
    },
  })
  return readFileSync(config.reportFilePath, 'utf8')
}
