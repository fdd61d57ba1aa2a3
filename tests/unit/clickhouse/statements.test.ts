import { expect, it } from 'vitest'
import {
  calculateVwapQuery,
  clickhouseArchive,
  detectLargeTradesQuery,
  type ClickhouseArchive,
  type ClickhouseClient,
  type ClickhouseSource,
} from '../../../src/clickhouse/index.ts'
import { clickhouseQuestions } from '../../support/clickhouse-questions.ts'
import { epoch } from '../../support/ticks.ts'

const pair = 'x/spot/BTC/USDT'
const table = 'default.archived_ticks'

/**
 * What these say a server is asked is what tests/long/clickhouse.test.ts asks a real one, whose
 * answers it compares with ours: run that after each change of the file.
 */
const file = '../../golden/clickhouse.sql'

it('asks a server what was proved to be answered as our builders answer', async () => {
  const within = { from: epoch + 0.5, to: epoch + 90_000, asOf: epoch + 60_000 }
  const asked = [
    ...(await statementsOf({ folder: '/archive' }, async (archive) => {
      for (const given of [{}, within])
        for (const { theirs } of clickhouseQuestions(given, 0.25)) await archive.query(pair, theirs)
      await archive.extent(pair)
      await archive.createTable({ table })
      await archive.createView()
      await archive.load({ table, pair })
      await archive.load({ table, pair, from: '2024-08-08', to: '2024-08-09' })
    })),
    ...(await statementsOf({ table }, (archive) => archive.extent(pair))),
    ...(await statementsOf(
      { url: 'http://127.0.0.1:9000/market/a/b', accessKeyId: 'user', secretAccessKey: 'secret' },
      (archive) => archive.extent(pair),
    )),
  ]
  await expect(`${asked.join('\n\n')}\n`).toMatchFileSnapshot(file)
})

it('tells with each row up to when the archive knows, and that it has no ledger of gaps', async () => {
  const archive = clickhouseArchive({ client: recorder([]), source: { folder: '/archive' } })
  const [row] = await archive.query(pair, calculateVwapQuery())
  expect(row).toMatchObject({ n: 2, complete: null, coveredTo: epoch + 50_000 })
})

it('refuses what a builder or an archive cannot mean', () => {
  expect(() => calculateVwapQuery({ bands: [-1] })).toThrow(/calculateVwapQuery/)
  expect(() => detectLargeTradesQuery({ minSize: 1, quantile: 0.5 })).toThrow(/not both/)
  const client = recorder([])
  expect(() => clickhouseArchive({ client, source: { folder: '/archive/*' } })).toThrow(/source/)
})

/** Each statement once, in their order, with what its placeholders stand for. */
async function statementsOf(
  source: ClickhouseSource,
  ask: (archive: ClickhouseArchive) => Promise<unknown>,
): Promise<Set<string>> {
  const asked: string[] = []
  await ask(clickhouseArchive({ client: recorder(asked), source, clock: () => epoch + 86_400_000 }))
  return new Set(asked)
}

/** Writes down what it is asked; an archive of two days answers. */
function recorder(asked: string[]): ClickhouseClient {
  const note = ({ query, ...rest }: { readonly query: string }): void => {
    asked.push(`${query.trim()}\n-- ${JSON.stringify(rest)}`)
  }
  return {
    query: async (request) => {
      note(request)
      const rows = [
        { day: '2024-08-07', n: 2, oldest: `${epoch}000`, newest: `${epoch + 50_000}000` },
        { day: '2024-08-08', n: 2, oldest: `${epoch}000`, newest: `${epoch + 50_000}000` },
      ]
      return { json: async () => rows }
    },
    command: async (request) => note(request),
  }
}
