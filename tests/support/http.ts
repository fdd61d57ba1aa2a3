import { onTestFinished } from 'vitest'
import type { MarketStore } from '../../src/client/index.ts'
import { serve, type ServeOptions } from '../../src/serve/index.ts'

/** A server on a store, gone when the test ends; gives its address. */
export async function served(store: MarketStore, options: ServeOptions = {}): Promise<string> {
  const server = await serve(store, options)
  onTestFinished(() => server.close())
  return server.url
}

/** What an address answers, as JSON. */
export async function json<T = unknown>(url: string, init?: RequestInit): Promise<T> {
  const answer = await fetch(url, init)
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`)
  return (await answer.json()) as T
}
