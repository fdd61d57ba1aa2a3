import { readFile } from 'node:fs/promises'
import { countArgument, durationArgument } from '../arguments.ts'
import { withCommonOptions, type AddCommand, type CommonOptions } from '../command.ts'
import { asUsage, UsageError } from '../failure.ts'
import { withManager } from '../manager.ts'
import { withMirrorReader } from '../mirror/reader-beside.ts'

interface ServeCommandOptions extends CommonOptions {
  readonly port: number
  readonly host: string
  readonly tlsKey?: string
  readonly tlsCert?: string
  readonly behindProxy: boolean
  readonly corsOrigin?: string[]
  readonly allowHost?: string[]
  readonly maxRows?: number
  readonly maxMemory?: number
  readonly answerTimeout?: number
  readonly valkey?: string
  readonly ui: boolean
}

export const addServeCommand: AddCommand = (program, context) => {
  withCommonOptions(program.command('serve'))
    .option('--port <number>', 'where to listen; 0: any that is free', Number, 8080)
    .option('--host <address>', 'any other than this machine needs a token and TLS', '127.0.0.1')
    .option('--tls-key <file>', 'private key of the server, in PEM')
    .option('--tls-cert <file>', 'its certificate, in PEM')
    .option('--behind-proxy', 'a proxy in front of it does TLS', false)
    .option('--cors-origin <origin...>', 'pages of these origins may ask')
    .option('--allow-host <name...>', 'names by which a proxy calls it')
    .option('--max-rows <count>', 'rows of one answer', countArgument)
    .option(
      '--max-memory <megabytes>',
      'how far the process may grow while one answer is made (default: a quarter of the memory)',
      countArgument,
    )
    .option(
      '--answer-timeout <span>',
      'how long an answer may take, its reader included (default: 60s)',
      durationArgument,
    )
    .option('--ui', 'also the page, at /: charts, pairs, health and account in a browser', false)
    .option('--valkey <url>', 'also answer from the account mirror there')
    .addHelpText(
      'after',
      '\nTokens come from the environment: PAIRDUCK_TOKEN allows reading,\nPAIRDUCK_WRITER_TOKEN writing too. Clients send one as the header\n`Authorization: Bearer <token>`. Where neither is set, all users of this machine\nmay read.',
    )
    .action(async (options: ServeCommandOptions) => {
      const { dataDir, json } = options
      if ((options.tlsKey === undefined) !== (options.tlsCert === undefined))
        throw new UsageError('--tls-key and --tls-cert go together')
      // Who only reads is no owner to be found and written through: a bot beside it is.
      const localSocket = process.env['PAIRDUCK_WRITER_TOKEN'] === undefined ? 'passing' : true
      await withManager({ dataDir, localSocket, terminal: context.terminal }, (db) =>
        withMirrorReader(options.valkey, async (mirror) => {
          const { serve } = await import('../../serve/index.ts')
          const { hearingOwners, OwnerEvents } = await import('../../client/owner-events.ts')
          const others = new OwnerEvents(db.dataDir)
          const store = hearingOwners(db, others)
          const server = await serve(store, { ...(await given(options)), ...mirror }).catch(asUsage)
          try {
            if (json) context.terminal.print(JSON.stringify({ url: server.url }))
            else context.terminal.print(`${server.url} answers from ${dataDir}; Ctrl-C ends it`)
            await stopped(context.signal)
          } finally {
            await server.close()
            await others.close()
          }
        }),
      )
    })
}

async function given(options: ServeCommandOptions): Promise<object> {
  const { tlsKey, tlsCert } = options
  const token = process.env['PAIRDUCK_TOKEN']
  const writerToken = process.env['PAIRDUCK_WRITER_TOKEN']
  return {
    port: options.port,
    host: options.host,
    behindProxy: options.behindProxy,
    ui: options.ui,
    ...(token === undefined ? {} : { token }),
    ...(writerToken === undefined ? {} : { writerToken }),
    ...(options.corsOrigin === undefined ? {} : { corsOrigins: options.corsOrigin }),
    ...(options.allowHost === undefined ? {} : { allowedHosts: options.allowHost }),
    ...(options.answerTimeout === undefined ? {} : { answerTimeoutMs: options.answerTimeout }),
    ...(options.maxMemory === undefined ? {} : { maxMemoryBytes: options.maxMemory * 2 ** 20 }),
    ...(options.maxRows === undefined ? {} : { maxRows: options.maxRows }),
    ...(tlsKey === undefined || tlsCert === undefined
      ? {}
      : { tls: { key: await readFile(tlsKey), cert: await readFile(tlsCert) } }),
  }
}

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
