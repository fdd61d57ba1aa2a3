import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from 'commander'
import { PairduckError } from '../../errors.ts'
import { valkeyUrlFromEnvironment } from '../../valkey/connection-options.ts'
import { LocalValkey } from '../../valkey/local/local-valkey.ts'
import type { MirrorReaderOptions } from '../../mirror/mirror-options.ts'
import { MirrorReader } from '../../mirror/mirror-reader.ts'
import { withCommonOptions, type CommonOptions } from '../command.ts'
import { UsageError } from '../failure.ts'

export interface MirrorOptions extends CommonOptions {
  readonly url?: string
  readonly keyPrefix: string
  readonly ca?: string
}

/** `--url`, `--key-prefix` and `--ca`, for every command that looks at a mirror. */
export function withMirrorOptions(command: Command): Command {
  return withCommonOptions(command)
    .option('--url <url>', 'the server (default: VALKEY_URL, VALKEY_HOST …, else the local one)')
    .option('--key-prefix <text>', 'what all keys begin with', '')
    .option('--ca <file>', 'the authority that signed the server’s certificate (PEM)')
}

/** Runs `work` with a reader of the mirror that the options name. */
export async function withReader<T>(
  options: MirrorOptions,
  work: (reader: MirrorReader) => Promise<T>,
): Promise<T> {
  const reader = await reachable(async () => MirrorReader.open(await connectionOf(options)))
  try {
    return await work(reader)
  } finally {
    await reader.close()
  }
}

/** Where the mirror is: as told, as the environment says, or the local server of the data folder. */
export async function connectionOf({
  url,
  keyPrefix,
  ca,
  dataDir,
}: MirrorOptions): Promise<MirrorReaderOptions> {
  return {
    url: url ?? (await defaultUrl(dataDir)),
    keyPrefix,
    ...(ca === undefined ? {} : { tls: { ca: await readFile(ca, 'utf8') } }),
  }
}

/** Opens something on a server; when nobody is there, says how to get one. */
export async function reachable<T>(open: () => Promise<T>): Promise<T> {
  try {
    return await open()
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message, { cause: error })
    if (PairduckError.is(error, 'VALKEY_UNREACHABLE'))
      throw new PairduckError(
        'VALKEY_UNREACHABLE',
        `${error.message} (\`pairduck valkey start\` starts a server here; --url or VALKEY_URL names another)`,
        { cause: error },
      )
    throw error
  }
}

async function defaultUrl(dataDir: string): Promise<string> {
  const told = ['VALKEY_URL', 'VALKEY_HOST', 'VALKEY_PORT'].some(
    (name) => (process.env[name] ?? '') !== '',
  )
  if (told) return valkeyUrlFromEnvironment()
  const local = await new LocalValkey({ dir: localValkeyDir(dataDir) }).status()
  return local.running ? local.url : valkeyUrlFromEnvironment()
}

/** The local server's folder, as `pairduck valkey` uses it. */
export function localValkeyDir(dataDir: string): string {
  return join(dataDir, '.pairduck', 'valkey')
}
