import { describe, expect, it } from 'vitest'
import type { Page } from 'puppeteer-core'
import { served } from '../../support/http.ts'
import { oracleTrades } from '../../support/oracle.ts'
import { pageBrowser } from '../../support/page-browser.ts'
import { openManager, someTicks } from '../../support/store.ts'
import { isMissing } from '../../support/system-program.ts'

const btc = 'binance/spot/BTC/USDT'

describe.skipIf(isMissing('chromium'))('the page', () => {
  const open = pageBrowser()

  it('shows bars of real trades, and a bar that moves with an insert', async () => {
    const db = await openManager({ retention: 'forever' })
    const trades = oracleTrades('BTCUSDT')
    await db.insertTicks(btc, trades)
    await db.insertTicks('binance/spot/ETHUSDT', oracleTrades('ETHUSDT').slice(0, 500))
    const url = await served(db, { ui: true })
    const { page, troubles } = await open(url)
    await shows(page, 'close', String(trades.at(-1)!.price))
    expect(await said(page, '#chart', 'data-bars')).toBe('7')
    const pairs = await page.$$eval('#pairs li', (items) =>
      items.map((item) => item.getAttribute('data-pair')),
    )
    expect(pairs).toEqual([btc, 'binance/spot/ETHUSDT'])
    await page.waitForSelector('#state[data-state=open]')
    const next = { ...trades.at(-1)!, price: 61_700.01, tradeId: '9999999999' }
    const inserted = performance.now()
    await db.insertTicks(btc, [{ ...next, timestamp: next.timestamp + 1 }])
    await shows(page, 'close', '61700.01')
    expect(performance.now() - inserted).toBeLessThan(1000)
    expect(await said(page, '#price')).toBe('61,700.01')
    expect(troubles).toEqual([])
  })

  it('waits for the first trade of an empty store', async () => {
    const db = await openManager()
    const url = await served(db, { ui: true })
    const { page, troubles } = await open(url)
    await page.waitForSelector('#notice::-p-text(No pair is stored yet)')
    await db.insertTicks(btc, someTicks(3))
    await page.waitForSelector(`#pairs li[data-pair="${btc}"]`)
    await shows(page, 'close', '102')
    expect(troubles).toEqual([])
  })
})

/** Waits until the chart says that it shows a value. */
async function shows(page: Page, name: string, value: string): Promise<void> {
  await page.waitForSelector(`#chart[data-${name}="${value}"]`, { timeout: 10_000 })
}

/** What a selector's first element says in an attribute, or as its text. */
async function said(page: Page, selector: string, attribute = 'textContent'): Promise<string> {
  const element = await page.waitForSelector(selector, { timeout: 10_000 })
  const text = await element!.evaluate(
    (found, name) => (name === 'textContent' ? found.textContent : found.getAttribute(name)),
    attribute,
  )
  return text ?? ''
}
