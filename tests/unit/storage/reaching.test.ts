import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sqlTokens } from '../../../src/storage/duckdb/sql-tokens.ts'
import { reachOf } from '../../../src/storage/pool/reaching.ts'
import { propertyRuns } from '../../support/property-runs.ts'

const folder = mkdtempSync(join(tmpdir(), 'pairduck-reach-'))
const file = join(folder, 'secret.csv')
writeFileSync(file, 'word\nsesame\n')
let instance: DuckDBInstance
let engine: DuckDBConnection
beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:')
  engine = await instance.connect()
})
afterAll(() => {
  engine.closeSync()
  instance.closeSync()
  rmSync(folder, { recursive: true, force: true })
})

/** Each reads the file when nothing stands in front of it, behind it or between its words. */
const reads: readonly (readonly string[])[] = [
  ['SELECT * FROM', 'read_text', '(', `'${file}'`, ')'],
  ['SELECT * FROM', '"read_text"', '(', `'${file}'`, ')'],
  ['SELECT * FROM', '"Read_CSV"', '(', `'${file}'`, ')'],
  ['SELECT * FROM range(1)', ',', `'${file}'`],
  ['FROM', `"${file}"`],
  ['FROM', `$$${file}$$`],
  ['FROM', `E'${file}'`],
  ['TABLE', `'${file}'`],
  ['SELECT * FROM', 'query_table', '(', `'${file}'`, ')'],
  ['SELECT * FROM range(1) JOIN', `'${file}'`, 'ON true'],
  ['SELECT * FROM (', 'range(1)', 'CROSS JOIN', `'${file}'`, ')'],
]
/** What confuses who looks at a text without cutting it as the engine does. */
const odd = fc.constantFrom(
  ' ',
  '\n',
  '\t',
  '/**/',
  "/* /* */ ' */",
  "/* ' */",
  '--\r',
  "-- '\n",
  '--\n',
  '/* " */',

  '\u00a0',
  '\u200b',
  '\u2060',
  '\u3000',
  '\ufeff',
  "/*'*/",
  '/* $$ */',
  '-- $a$\n',
  '/* /**/ */',
)
const noise = fc.oneof({ weight: 4, arbitrary: fc.constant(' ') }, { weight: 1, arbitrary: odd })
const heads = fc.constantFrom(
  '',
  `SELECT 1 AS "'";`,
  `SELECT '"';`,
  'SELECT 1 AS a$b$;',
  `SELECT E'\\'';`,
  "SELECT $$ ' $$;",

  'SELECT 1 AS é$a$;',
  `SELECT E'a'\n'\\' --';`,
  `SELECT '--';`,
  `SELECT '/*';`,
  'SELECT $a$ $b$ $a$;',
  `SELECT '\\';`,
  `SELECT n'';`,
  `SELECT 1 AS "--";`,
)
const tails = fc.constantFrom(
  '',
  ' --',
  ` AS "'"`,
  ' AS c$b$',
  " --'",
  ' /* */',
  ' AS x$a$',
  ' AS "*/"',
)

describe('what reaches outside a pair', () => {
  it('is found in whatever the engine reads as it', async () => {
    let read = 0
    await fc.assert(
      fc.asyncProperty(
        heads,
        fc.constantFrom(...reads),
        fc.array(noise, { minLength: 6, maxLength: 6 }),
        tails,
        async (head, words, between, tail) => {
          const sql = head + words.map((word, at) => word + between[at % 6]!).join('') + tail
          const reached = await engine.runAndReadAll(sql).then(
            (answer) => JSON.stringify(answer.getRowsJson()),
            () => '',
          )
          if (!reached.includes('sesame')) return
          read++
          expect({ sql, reach: reachOf(sql) }).toMatchObject({ reach: expect.any(String) })
        },
      ),
      { numRuns: propertyRuns(250) },
    )
    // About twenty of 250 by chance.
    expect(read).toBeGreaterThan(2)
  })

  it.each([
    `EXPLAIN ANALYZE COPY (SELECT 1) TO '${file}'`,
    `EXPLAIN (ANALYZE) COPY ticks TO '${file}'`,
    `PREPARE mine AS COPY (SELECT 1) TO '${file}'`,
    `SELECT 1; /* ; */ copy (SELECT 1) TO '${file}'`,
    `;;ATTACH '${file}'`,
    `CREATE PERSISTENT SECRET s (TYPE http)`,
    `CREATE OR REPLACE SECRET s (TYPE s3)`,
    'DROP PERSISTENT SECRET s',
    'FORCE CHECKPOINT',
    `SELECT * FROM range(1) JOIN mine ON true, '${file}'`,
    `FROM histogram('${file}', word)`,
    `DESCRIBE '${file}'`,
    `SUMMARIZE '${file}'`,
    `PIVOT '${file}' ON word`,
    `DELETE FROM mine USING '${file}'`,
    `MERGE INTO mine USING '${file}' AS f ON true WHEN MATCHED THEN DELETE`,
    `CREATE VIEW v AS FROM '${file}'`,
    `CREATE MACRO m() AS TABLE SELECT * FROM read_csv('${file}')`,
    `FROM json_execute_serialized_sql('{}')`,
    'SELECT * FROM enable_logging()',
    `SELECT write_log('x')`,
    `SELECT 'without an end`,
    'SELECT 1 /* /* */',
    'SELECT $a$ without an end',
  ])('%s is refused', (sql) => {
    expect(reachOf(sql)).toBeDefined()
  })

  it.each([
    `INSERT INTO notes VALUES (1, 'trades.csv'), (2, '/etc/passwd')`,
    `INSERT INTO notes (a, "b c") SELECT 1, 'a.csv' FROM ticks WHERE x IN ('a.csv', 'b.csv')`,
    `SELECT 'read_text(1)', "glob", '; COPY x' FROM ticks AS "from"`,
    `SELECT 1 IS DISTINCT FROM 'a.csv' FROM ticks ORDER BY 1, 'a.csv'`,
    `FROM (VALUES ('a.csv'), ('b.csv')) AS t(name)`,
    `UPDATE notes SET a = 'a.csv' WHERE b = $1`,
    'SELECT histogram(price) FROM ticks',
    'EXPLAIN SELECT price FROM ticks',
    'CREATE TABLE "my.notes" (copy INTEGER, load VARCHAR)',
    `SELECT $$ copy; '$$ AS note, E'it\\'s; attach' -- read_csv('x')`,
    'SELECT set FROM (SELECT 1 AS set)',
    'PREPARE mine AS SELECT $1 + 1; EXECUTE mine(2)',
  ])('%s stays in it', (sql) => {
    expect(reachOf(sql)).toBeUndefined()
  })

  it('every function of the engine that makes a table is known', async () => {
    const answer = await engine.runAndReadAll(
      `SELECT DISTINCT function_name AS name FROM duckdb_functions()
       WHERE function_type IN ('table', 'table_macro') AND function_name NOT LIKE 'duckdb\\_%' ESCAPE '\\'
         AND function_name NOT LIKE 'pragma\\_%' ESCAPE '\\' ORDER BY 1`,
    )
    const open = answer
      .getRowsJson()
      .map(([name]) => name as string)
      .filter((name) => reachOf(`SELECT * FROM ${name}()`) === undefined)
    expect(open).toEqual([
      'check_peg_parser',
      'generate_series',
      'icu_calendar_names',
      'json_each',
      'json_tree',
      'pg_timezone_names',
      'range',
      'repeat',
      'repeat_row',
      'summary',
      'test_all_types',
      'test_vector_types',
      'unnest',
    ])
  })
})

it('tokens are what the engine reads', async () => {
  const texts = [`'a''b'`, `E'a\\'b'`, '$$a$b$$', '$é$ a $é$', `n'a\\'`, "'\\'"]
  for (const text of texts) {
    const answer = await engine.runAndReadAll(`SELECT ${text}`)
    expect([text, sqlTokens(text)?.length]).toEqual([text, 1])
    expect([text, sqlTokens(`SELECT ${text}, "x"`)?.length]).toEqual([text, 4])
    expect(answer.currentRowCount).toBe(1)
  }
})
