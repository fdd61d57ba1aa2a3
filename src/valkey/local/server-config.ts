/** What differs from one local server to the next. */
export interface ServerConfig {
  readonly dir: string
  readonly port: number
}

/** The names of a local server's files, inside its directory. */
export const serverFiles = {
  config: 'valkey.conf',
  pid: 'valkey.pid',
  log: 'valkey.log',
  dump: 'dump.rdb',
  formerDump: 'before-restore.rdb',
  startLock: 'start.lock',
} as const

/** The text of a local server's valkey.conf: loopback only, saved to disk now and then. */
export function serverConfigText({ dir, port }: ServerConfig): string {
  return [
    '# Written by pairduck at every start: changes made here do not last.',
    'bind 127.0.0.1',
    'protected-mode yes',
    `port ${port}`,
    `dir ${quoted(dir)}`,
    `pidfile ${quoted(`${dir}/${serverFiles.pid}`)}`,
    `logfile ${quoted(`${dir}/${serverFiles.log}`)}`,
    `dbfilename ${serverFiles.dump}`,
    'daemonize no',
    '# After 900 s with 1 change, 300 s with 10, or 60 s with 10,000.',
    'save 900 1',
    'save 300 10',
    'save 60 10000',
    '',
  ].join('\n')
}

/** The port in such a text. */
export function configuredPort(text: string): number | undefined {
  const port = /^port (\d+)$/m.exec(text)?.[1]
  return port === undefined ? undefined : Number(port)
}

function quoted(path: string): string {
  return `"${path.replaceAll(/["\\]/g, String.raw`\$&`)}"`
}
