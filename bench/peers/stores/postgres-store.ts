import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Tick } from '../../../src/index.ts'
import { timeframesMs, type PeerStore } from '../store.ts'

/** As much of pg as is used here. */
interface Pool {
  query(sql: string, values?: readonly unknown[]): Promise<{ rows: Record<string, unknown>[] }>
  query(statement: {
    name: string
    text: string
    values: readonly unknown[]
  }): Promise<{ rows: Record<string, unknown>[] }>
  end(): Promise<void>
}

export interface Pg {
  readonly Pool: new (options: object) => Pool
}

/** Where the programs of a server are. */
export interface PostgresPrograms {
  readonly initdb: string
  readonly postgres: string
}

/** More than these wait for each other's locks rather than for the disk. */
const connections = 16
const startWithinMs = 30_000
/** The server refuses to be root's. */
const nobody = 65_534

const schema = `
  CREATE TABLE ticks (
    pair int, timestamp float8, price float8, volume float8, is_buy bool, trade_id text,
    PRIMARY KEY (pair, trade_id));
  CREATE INDEX ON ticks (pair, timestamp);
  CREATE TABLE candles (
    timeframe int, pair int, open_time float8, open float8, high float8, low float8, close float8,
    volume float8, buy_volume float8, quote_volume float8, trades bigint, first_at float8, last_at float8,
    PRIMARY KEY (timeframe, pair, open_time))`

/** In one order, so that two calls for a pair wait for each other rather than for ever. */
const insertSql = `
  WITH added AS (
    INSERT INTO ticks
    SELECT $1::int, * FROM unnest($2::float8[], $3::float8[], $4::float8[], $5::bool[], $6::text[])
    ON CONFLICT DO NOTHING RETURNING *
  ), merged AS (
    INSERT INTO candles AS stored
    SELECT timeframe, $1::int, floor(timestamp / timeframe) * timeframe AS open_time,
      (array_agg(price ORDER BY timestamp))[1], max(price), min(price),
      (array_agg(price ORDER BY timestamp DESC))[1], sum(volume),
      coalesce(sum(volume) FILTER (WHERE is_buy), 0), sum(price * volume), count(*),
      min(timestamp), max(timestamp)
    FROM added, unnest('{${timeframesMs.join(',')}}'::int[]) AS timeframe
    GROUP BY timeframe, open_time ORDER BY timeframe, open_time
    ON CONFLICT (timeframe, pair, open_time) DO UPDATE SET
      open = CASE WHEN excluded.first_at < stored.first_at THEN excluded.open ELSE stored.open END,
      close = CASE WHEN excluded.last_at >= stored.last_at THEN excluded.close ELSE stored.close END,
      high = greatest(stored.high, excluded.high), low = least(stored.low, excluded.low),
      volume = stored.volume + excluded.volume, buy_volume = stored.buy_volume + excluded.buy_volume,
      quote_volume = stored.quote_volume + excluded.quote_volume, trades = stored.trades + excluded.trades,
      first_at = least(stored.first_at, excluded.first_at),
      last_at = greatest(stored.last_at, excluded.last_at)
  )
  SELECT count(*)::int AS added FROM added`

/** A PostgreSQL server of its own, on a socket in its folder; each call is a transaction. */
export class PostgresStore implements PeerStore {
  readonly #server: ChildProcess
  readonly #pool: Pool

  private constructor(server: ChildProcess, pool: Pool) {
    this.#server = server
    this.#pool = pool
  }

  static async open(pg: Pg, programs: PostgresPrograms, folder: string): Promise<PostgresStore> {
    const user = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {}
    mkdirSync(folder)
    if (user.uid !== undefined) {
      chownSync(folder, user.uid, nobody)
      chmodSync(dirname(folder), 0o711)
    }
    const data = join(folder, 'data')
    const made = spawn(programs.initdb, ['-D', data, '-U', 'postgres', '-A', 'trust'], {
      ...user,
      cwd: folder,
      stdio: ['ignore', 'ignore', 2],
    })
    const [code] = (await once(made, 'exit')) as [number | null]
    if (code !== 0) throw new Error(`initdb ended with ${code}`)
    const settings = {
      listen_addresses: '',
      unix_socket_directories: folder,
      shared_buffers: '64MB',
    }
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const server = spawn(programs.postgres, ['-D', data, ...flags], {
      ...user,
      cwd: folder,
      stdio: 'ignore',
    })
    process.once('exit', () => server.kill('SIGINT'))
    const pool = new pg.Pool({
      host: folder,
      user: 'postgres',
      database: 'postgres',
      max: connections,
    })
    await whenReady(pool)
    await pool.query(schema)
    return new PostgresStore(server, pool)
  }

  async insert(pair: number, ticks: readonly Tick[]): Promise<number> {
    const { rows } = await this.#pool.query({
      name: 'insert',
      text: insertSql,
      values: [
        pair,
        ticks.map(({ timestamp }) => timestamp),
        ticks.map(({ price }) => price),
        ticks.map(({ volume }) => volume),
        ticks.map(({ side }) => side === 'BUY'),
        ticks.map(({ tradeId }) => tradeId),
      ],
    })
    return rows[0]!['added'] as number
  }

  async settle(): Promise<void> {}

  async close(): Promise<void> {
    await this.#pool.end()
    const ended = once(this.#server, 'exit')
    // It ends its sessions and is gone when all is on the disk.
    this.#server.kill('SIGINT')
    await ended
  }
}

async function whenReady(pool: Pool): Promise<void> {
  const until = performance.now() + startWithinMs
  for (;;)
    try {
      await pool.query('SELECT 1')
      return
    } catch (error) {
      if (performance.now() > until) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
}
