import { createHash } from 'node:crypto'
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect, type MarketStore } from '../../../src/client/index.ts'
import { DatabaseManager } from '../../../src/index.ts'
import { serve } from '../../../src/serve/index.ts'
import { cliRun } from '../../support/cli-run.ts'
import { someTicks, sql } from '../../support/store.ts'

const [own, other] = ['x/spot/OWN', 'x/spot/OTHER']
const outside = realpathSync(mkdtempSync(join(tmpdir(), 'pairduck-outside-')))
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'pairduck-test-')))
/** Which nobody has open: for the command line. */
const closed = join(outside, 'closed')
const secret = join(outside, 'secret.csv')
const prey = join(folder, 'x', 'spot', 'OTHER', 'trading.duckdb')
let db: DatabaseManager
let url: string
let remote: MarketStore
let stop: () => Promise<void>

beforeAll(async () => {
  writeFileSync(secret, 'word\nsesame\n')
  db = await DatabaseManager.open({ dataDir: folder })
  await db.insertTicks(own, someTicks(1))
  await db.insertTicks(other, someTicks(2))
  // What is on the disk is not to change any more by itself.
  for (const pair of [own, other]) await db.cleanupPair(pair)
  const away = await DatabaseManager.open({ dataDir: closed })
  await away.insertTicks(own, someTicks(1))
  await away.close()
  const served = await serve(db, { port: 0 })
  ;({ url } = served)
  remote = await connect(url)
  stop = async () => {
    await remote.close()
    await served.close()
    await db.close()
  }
})
afterAll(async () => {
  await stop()
  for (const made of [outside, folder]) rmSync(made, { recursive: true, force: true })
})

/** Each writes, reads or sets what is not of the pair, in a form of its own. */
const statements: readonly string[] = [
  `COPY (SELECT 1) TO '${prey}'`,
  `copy ticks to '${outside}/stolen.csv'`,
  `/* a /* b */ */ COPY (SELECT 1) TO '${outside}/stolen.csv'`,
  `EXPLAIN ANALYZE COPY (SELECT 1) TO '${outside}/stolen.csv'`,
  `PREPARE mine AS COPY (SELECT 1) TO '${outside}/stolen.csv'`,
  `EXPORT DATABASE '${outside}/all'`,
  `IMPORT DATABASE '${outside}'`,
  `ATTACH '${prey}' AS again`,
  `ATTACH '${outside}/new.duckdb'`,
  `ATTACH ':memory:' AS pocket`,
  `SELECT 1; ATTACH '${prey}' AS again`,
  `SET memory_limit = '1GB'`,
  `SET GLOBAL threads = 1`,
  `RESET threads`,
  `PRAGMA threads = 1`,
  `PRAGMA database_list`,
  `INSTALL httpfs`,
  `LOAD '${outside}/evil.duckdb_extension'`,
  `CALL force_checkpoint()`,
  `CHECKPOINT`,
  `USE memory`,
  `DETACH memory`,
  `CREATE TABLE memory.main.notes AS SELECT 7 AS a`,
  `CREATE TABLE "Memory".notes (a INTEGER)`,
  `DROP TABLE order_flow`,
  `CREATE MACRO arg_min(a, b) AS 1.0`,
  `CREATE OR REPLACE TEMP FUNCTION main."Epoch_US"(x) AS 0`,
  `CREATE MACRO IF NOT EXISTS sum(x) AS 42`,
  `SELECT 1; CREATE MACRO "+"(a, b) AS 1`,
  `CREATE PERSISTENT SECRET s (TYPE http)`,
  `SELECT * FROM read_csv('/etc/passwd')`,
  `SELECT * FROM read_csv('/etc/passwd', sep = ':', header := false)`,
  `SELECT * FROM "read_text"('${secret}')`,
  `SELECT 1 AS "'", * FROM read_text('${secret}') AS "'"`,
  `SELECT 1 /* /* */ ' */, * FROM read_text('${secret}') --'`,
  `SELECT 1 AS a$b$, * FROM read_text('${secret}') AS c$b$`,
  `SELECT 1 --\r, * FROM read_text('${secret}')`,
  `SELECT * FROM read_text\u200b('${secret}')`,
  `SELECT * FROM read_text(U&'\\002Fetc\\002Fpasswd')`,
  `SELECT * FROM main.read_blob($$${secret}$$)`,
  `SELECT * FROM glob('${outside}/*')`,
  `SELECT * FROM sniff_csv('${secret}')`,
  `SELECT * FROM parquet_scan('${secret}')`,
  `SELECT * FROM duckdb_scan('${prey}', 'ticks')`,
  `SELECT * FROM query('FROM read_text(''${secret}'')')`,
  `SELECT * FROM query_table('${secret}')`,
  `SELECT * FROM histogram('${secret}', word)`,
  `SELECT * FROM json_execute_serialized_sql(json_serialize_sql('FROM ''${secret}'''))`,
  `FROM '${secret}'`,
  `FROM'${secret}'`,
  `FROM E'${secret}'`,
  `FROM $$${secret}$$`,
  `FROM "${secret}"`,
  `FROM ticks, '${secret}'`,
  `FROM ticks JOIN '${secret}' ON true`,
  `TABLE '${secret}'`,
  `SELECT (SELECT word FROM '${secret}')`,
  `WITH w AS (FROM '${secret}') FROM w`,
  `DESCRIBE '${secret}'`,
  `SUMMARIZE '${secret}'`,
  `PIVOT '${secret}' ON word`,
  `SELECT * FROM (PIVOT '${secret}' ON word USING count(*))`,
  `FROM '${prey}'`,
]

/** How a call ends: the code of its error, or what it answered. */
async function endOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    (answer) => `answered ${JSON.stringify(answer)}`,
    (error: { code?: string; message: string }) => error.code ?? `without a code: ${error.message}`,
  )
}

/** Every way in which a text gets to the engine. */
const doors: Readonly<Record<string, (text: string) => Promise<string>>> = {
  query: (text) => endOf(db.query(own, sql(text))),
  queryColumns: (text) => endOf(db.queryColumns(own, sql(text))),
  streamColumns: (text) => endOf(db.streamColumns(own, sql(text))),
  queryPairs: (text) => endOf(db.queryPairs({ other }, sql(text), { unqualified: own })),
  'lease.query': (text) => endOf(db.withConnection(own, (lease) => lease.query(sql(text)))),
  'lease.execute': (text) => endOf(db.withConnection(own, (lease) => lease.execute(text))),
  export: (text) => endOf(db.export(own, sql(text), join(outside, 'stolen.parquet'))),
  'a client’s query': (text) => endOf(remote.query(own, sql(text))),
  'a client’s queryPairs': (text) => endOf(remote.queryPairs({ one: own }, sql(text))),
  HTTP: async (text) => {
    const answer = await fetch(`${url}/api/v1/pairs/${own}/sql`, { method: 'POST', body: text })
    const { error } = (await answer.json()) as { error?: { code: string } }
    return error?.code ?? 'answered'
  },
  'the command line': async (text) => {
    const { exitCode, stdout, stderr } = await cliRun(['sql', own, text, '--data-dir', closed])
    return exitCode === 0 ? `answered ${stdout}` : (/\b[A-Z]+_[A-Z]+\b/.exec(stderr)?.[0] ?? stderr)
  },
}

/** What is on the disk, byte for byte. */
function disk(): Record<string, string> {
  const files = [outside, folder].flatMap((root) =>
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.includes('.pairduck'))
      .map(({ parentPath, name }) => join(parentPath, name)),
  )
  return Object.fromEntries(
    files.map((file) => [file, createHash('sha1').update(readFileSync(file)).digest('hex')]),
  )
}

it('tables and macros of one’s own are made, changed and removed', async () => {
  const rows = await db.withConnection(own, async (lease) => {
    await lease.execute('CREATE TABLE memory_notes AS SELECT 7 AS memory')
    await lease.execute('CREATE OR REPLACE MACRO twice(x) AS 2 * x')
    await lease.execute('CREATE MACRO add_default(x, y := 5) AS x + y')
    const read = await lease.execute('SELECT twice(add_default(memory)) AS n FROM memory_notes')
    await lease.execute('DROP MACRO twice; DROP MACRO add_default; DROP TABLE memory_notes')
    return read
  })
  expect(rows).toEqual([{ n: 24 }])
})

describe('a hostile statement is refused by name and changes nothing', () => {
  it.each(Object.keys(doors))('through %s', async (door) => {
    const before = disk()
    const ends: Record<string, string> = {}
    // The command line opens the directory for each: some of them show that it is the same door.
    const step = door === 'the command line' ? 5 : 1
    for (let at = 0; at < statements.length; at += step)
      ends[statements[at]!] = await doors[door]!(statements[at]!)
    const refused = /^(?:WRITE_REFUSED|REQUEST_REFUSED|QUERY_FAILED)$/
    const passed = Object.entries(ends).filter(([, end]) => !refused.test(end))
    expect(passed).toEqual([])
    // What the engine's parser itself refuses is told as that; no file was looked at for it.
    const failed = Object.keys(ends).filter((text) => ends[text] === 'QUERY_FAILED')
    expect(failed.filter((text) => !text.includes('U&'))).toEqual([])
    expect(disk()).toEqual(before)
    const count = sql<{ n: number }>('SELECT count(*) AS n FROM ticks')
    expect([await db.query(own, count), await db.query(other, count)]).toEqual([
      [{ n: 1 }],
      [{ n: 2 }],
    ])
  })
})
