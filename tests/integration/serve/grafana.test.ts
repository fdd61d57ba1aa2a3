import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { json, served } from '../../support/http.ts'
import { shareManager, someTicks } from '../../support/store.ts'

interface Target {
  readonly expr?: string
  readonly url?: string
  readonly columns?: readonly { readonly selector: string; readonly type: string }[]
}

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets: readonly Target[] }[]
}

const dashboard = JSON.parse(
  readFileSync(new URL('../../../docs/grafana/pairduck.json', import.meta.url), 'utf8'),
) as Dashboard
const targets = dashboard.panels.flatMap((panel) => panel.targets)
const store = shareManager({}, (db) => db.insertTicks('binance/spot/BTCUSDT', someTicks(200)))

it('has only panels whose rows the server gives, as the data source reads them', async () => {
  const server = await served(store())
  const variables: Readonly<Record<string, string>> = {
    server,
    pair: 'binance/spot/BTCUSDT',
    __from: String(Date.now() - 3_600_000),
    __to: String(Date.now() + 60_000),
  }
  const asked = targets.filter(({ url }) => url !== undefined)
  expect(asked.length).toBeGreaterThan(0)
  for (const { url, columns } of asked) {
    const address = url!.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => variables[name]!)
    const [row] = await json<Record<string, unknown>[]>(address)
    for (const { selector } of columns!) expect(typeof row![selector]).toBe('number')
    const { timestamp } = row as { timestamp: number }
    expect(Math.abs(timestamp - Date.now())).toBeLessThan(3_600_000)
  }
})

it('asks Prometheus for metrics and labels that /metrics has', async () => {
  const server = await served(store())
  await store().insertTicks('binance/spot/BTCUSDT', someTicks(5, { first: 1000 }))
  const text = await (await fetch(`${server}/metrics`)).text()
  const asked = targets.filter(({ expr }) => expr !== undefined)
  expect(asked.length).toBeGreaterThan(5)
  for (const { expr } of asked)
    for (const [, name] of expr!.matchAll(/\b(pairduck_\w+)/g))
      expect(text).toMatch(new RegExp(`^(?:# TYPE )?${name!.replace(/_bucket$/, '')}\\b`, 'm'))
  for (const [, labels] of targets.flatMap(({ expr = '' }) => [...expr.matchAll(/by \((\w+)\)/g)]))
    expect(text).toMatch(new RegExp(`[{,]${labels!}="`))
})
