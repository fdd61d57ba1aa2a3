import { createClient, RESP_TYPES } from '@redis/client'

/** Sends one command; texts of the answer are Buffers, so that any bytes survive. */
export type Send = (...args: readonly (string | Uint8Array)[]) => Promise<unknown>

export type ServerAddress = { readonly port: number } | { readonly socketPath: string }

/**
 * Runs `work` with a connection to a server of this machine, which is never reconnected; a server
 * that is silent for `silenceMs` rejects.
 */
export async function withPlainClient<T>(
  address: ServerAddress,
  work: (send: Send) => Promise<T>,
  silenceMs = 120_000,
): Promise<T> {
  const patience = { reconnectStrategy: false, socketTimeout: silenceMs } as const
  const client = createClient({
    RESP: 2,
    socket:
      'port' in address
        ? { ...patience, host: '127.0.0.1', port: address.port }
        : { ...patience, path: address.socketPath, tls: false },
    commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
  })
  // Without a listener a lost connection would end the process; the pending command rejects anyway.
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await work((...args) => client.sendCommand(args.map(asArgument)))
  } finally {
    client.destroy()
  }
}

function asArgument(arg: string | Uint8Array): string | Buffer {
  return typeof arg === 'string' ? arg : Buffer.from(arg.buffer, arg.byteOffset, arg.byteLength)
}
