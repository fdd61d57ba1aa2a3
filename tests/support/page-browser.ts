import { launch, type Browser, type Page } from 'puppeteer-core'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import { buildPage } from '../../scripts/build-page.ts'

/** How a page is opened. */
export interface Opened {
  readonly width?: number
  readonly height?: number
  readonly theme?: 'dark' | 'light'
  /** What has to be there before it is given. Default: the page says that it is ready. */
  readonly waitFor?: string
}

/** A page, and what its console said that it should not have. */
export interface WatchedPage {
  readonly page: Page
  /** Errors and warnings of the console, exceptions, requests that failed. */
  readonly troubles: readonly string[]
}

/** Builds the page once for the tests of a file, and lends them pages of one headless Chromium. */
export function pageBrowser(): (url: string, opened?: Opened) => Promise<WatchedPage> {
  let browser: Browser | undefined
  beforeAll(async () => {
    await buildPage()
    browser = await launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
    })
  })
  afterAll(async () => {
    await browser?.close()
  })
  return async (
    url,
    { width = 1280, height = 800, theme = 'dark', waitFor = 'body[data-ready]' } = {},
  ) => {
    const context = await browser!.createBrowserContext()
    onTestFinished(() => context.close())
    const page = await context.newPage()
    const troubles: string[] = []
    page.on('console', (message) => {
      if (['error', 'warn'].includes(message.type())) troubles.push(message.text())
    })
    page.on('pageerror', (error) => troubles.push(String(error)))
    page.on('requestfailed', (request) => {
      // Streams of a pair that is left are ended on purpose.
      const { errorText } = request.failure() ?? {}
      if (errorText !== 'net::ERR_ABORTED') troubles.push(`${request.url()}: ${errorText}`)
    })
    await page.setViewport({ width, height })
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: theme }])
    await page.goto(url)
    await page.waitForSelector(waitFor)
    return { page, troubles }
  }
}
