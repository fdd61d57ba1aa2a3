import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commandGroups } from '../../../src/cli/command-list.ts'
import { cliRun } from '../../support/cli-run.ts'
import { DatabaseManager } from '../../../src/index.ts'
import { someTicks } from '../../support/store.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'pairduck-test-'))
beforeAll(async () => {
  const db = await DatabaseManager.open({ dataDir })
  await db.insertTicks(pair, someTicks(5))
  await db.close()
})
afterAll(() => rmSync(dataDir, { recursive: true, force: true }))

const pair = 'x/spot/A'

/** Arguments, the exit code, and what the one line on stderr says: what is wrong, the value, what to do. */
const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
  [['candles'], 2, /pair is missing; usage: pairduck candles .*<pair>.* binance\/spot\/BTCUSDT/],
  [
    ['candles', 'binance', 'BTCUSDT'],
    2,
    /takes one argument, and got 2; .*one word.*binance\/spot\/BTCUSDT\?/,
  ],
  [['pairs', pair], 2, /pairs takes no arguments, and got 1; usage: pairduck pairs/],
  [['book'], 2, /symbol is missing; usage: pairduck book .*<symbol>/],
  [['sql', pair, 'SELECT', '1'], 2, /sql takes 2 arguments, and got 3; usage: .*<select>/],
  [['candels', pair], 2, /unknown command 'candels' \(Did you mean candles\?\)/],
  [
    ['candles', pair, '--timefram', '1m'],
    2,
    /unknown option '--timefram' \(Did you mean --timeframe\?\)/,
  ],
  [['candles', pair, '--timeframe', '7m'], 2, /'7m' is invalid\. Expected one of 1s, 1m/],
  [['candles', pair, '--limit', '-3'], 2, /'-3' is invalid\. Expected a whole number from 1 on/],
  [['profile', pair, '--bin-size', 'ten'], 2, /'ten' is invalid\. Expected a number/],
  [['cleanup', '--keep', 'tick=1h'], 2, /unknown table `tick`: did you mean `ticks`\?/],
  [
    ['cleanup', '--keep', 'ticks'],
    2,
    /'ticks' is invalid\. Expected a table and an age, such as ticks=2h/,
  ],
  [['import', pair], 2, /missing files: pairduck import binance\/spot\/BTCUSDT trades\.csv/],
  [['import', pair, 'none.csv'], 1, /IMPORT_FAILED: none\.csv: no such file/],
  [['import', pair, 'none.csv', '--reopen', 'soon'], 2, /'soon' is invalid\. Expected ISO 8601/],
  [
    ['candles', 'x/spot'],
    2,
    /INVALID_PAIR: expected a pair as exchange\/market\/symbol, such as binance\/spot\/BTCUSDT, got `"x\/spot"`/,
  ],
  [
    ['candles', 'x/spot/B'],
    1,
    /PAIR_NOT_FOUND: x\/spot\/B is not stored in .*: did you mean x\/spot\/A\?/,
  ],
  [['sql', pair, ''], 1, /one SELECT .*: it is empty/],
  [['sql', pair, 'DROP TABLE ticks'], 1, /WRITE_REFUSED: a query is one SELECT/],
  [
    ['sql', pair, 'SELECT * FROM tiks'],
    1,
    /Table with name tiks does not exist! Did you mean "ticks"\?/,
  ],
  [['sql', pair, 'SELEC 1'], 1, /syntax error at or near "SELEC"/],
  [
    ['sql', pair, 'SELECT 1', '--with', 'eth'],
    2,
    /'eth' is invalid\. Expected name=exchange\/market\/symbol/,
  ],
]

const windowed = [
  'candles',
  'cvd',
  'imbalance',
  'profile',
  'footprint',
  'fvg',
  'zones',
  'vwap',
  'tpo',
  'trades',
  'export',
]

describe('the command line says what is wrong, and what to do', () => {
  it.each(cases)('%j', async (args, code, said) => {
    const { exitCode, stderr, stdout } = await cliRun([...args, '--data-dir', dataDir])
    expect(stderr).toMatch(said)
    expect({ exitCode, stdout, lines: stderr.trim().split('\n').length }).toEqual({
      exitCode: code,
      stdout: '',
      lines: 1,
    })
    expect(stderr).not.toMatch(/unexpected|mistake in pairduck|LINE 1|\^/)
  })

  it.each(windowed)('%s refuses a window that ends before it begins', async (name) => {
    const window = ['--from', '2024-02-01', '--to', '2024-01-01']
    const { exitCode, stderr } = await cliRun([name, pair, ...window, '--data-dir', dataDir])
    expect(stderr).toBe(
      'pairduck: --from 2024-02-01 00:00:00 is after --to 2024-01-01 00:00:00: give the earlier time as --from\n',
    )
    expect(exitCode).toBe(2)
  })

  const commands = Object.values(commandGroups).flatMap((group) => Object.entries(group))
  const fixed = commands.filter(
    ([name, { usage }]) => !/\.\.\.|\[/.test(usage.replace('[options]', '')) && name !== 'valkey',
  )

  it.each(fixed)('%s tells how it is called when it gets too many arguments', async (name) => {
    const { exitCode, stderr } = await cliRun([name, ...'abcdefg'])
    expect(exitCode).toBe(2)
    // An option that has to be given is asked for first.
    expect(stderr).toMatch(new RegExp(`usage: pairduck ${name} |required option '--`))
  })
})
