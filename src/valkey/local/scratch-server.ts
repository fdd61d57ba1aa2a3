import { spawn } from 'node:child_process'
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PairduckError } from '../../errors.ts'
import { withPlainClient, type Send } from './plain-client.ts'

/**
 * Runs `work` against a server of its own that holds the dataset of `dump` (none: empty), is
 * reached by nobody else, and is gone afterwards; what it saves is `savedDump`. A dump that the
 * server refuses is `INVALID_BACKUP`.
 */
export async function withScratchServer<T>(
  binary: string,
  dump: string | undefined,
  work: (send: Send, savedDump: string) => Promise<T>,
): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'pairduck-scratch-'))
  const stopping: (() => Promise<void>)[] = []
  try {
    if (dump !== undefined) await copyFile(dump, join(dir, 'dump.rdb'))
    stopping.push(await startScratch(binary, dir))
    const address = { socketPath: join(dir, 'valkey.sock') }
    return await withPlainClient(address, (send) => work(send, join(dir, 'dump.rdb')))
  } finally {
    for (const stop of stopping) await stop()
    await rm(dir, { recursive: true, force: true })
  }
}

async function startScratch(binary: string, dir: string): Promise<() => Promise<void>> {
  const args = ['--port', '0', '--unixsocket', join(dir, 'valkey.sock'), '--unixsocketperm', '700']
  args.push('--dir', dir, '--save', '', '--dbfilename', 'dump.rdb', '--daemonize', 'no')
  const server = spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const gone = new Promise<void>((resolve) => server.once('close', () => resolve()))
  await new Promise<void>((ready, failed) => {
    let output = ''
    const read = (chunk: Buffer): void => {
      output += chunk.toString()
      if (output.includes('Ready to accept connections')) ready()
    }
    server.stdout.on('data', read)
    server.stderr.on('data', read)
    server.once('error', failed)
    server.once('close', () => failed(refused(output)))
  })
  return async () => {
    server.kill('SIGKILL')
    await gone
  }
}

function refused(output: string): PairduckError {
  const lines = output.trim().split('\n').slice(-5)
  return new PairduckError('INVALID_BACKUP', `the server can't load it:\n${lines.join('\n')}`)
}
