import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { PairduckError } from '../../errors.ts'
import { ccxtSource } from '../../mirror/ccxt/ccxt-source.ts'
import type { CcxtExchange } from '../../mirror/ccxt/ccxt-exchange.ts'
import { UsageError } from '../failure.ts'
import type { OpenedAccount } from './demo-account.ts'

export interface ExchangeOptions {
  /** Undefined: all that the exchange lists without being told which. */
  readonly symbols: readonly string[] | undefined
  readonly sandbox: boolean
  /** Mirror prices too; default true. */
  readonly tickers?: boolean
  readonly environment?: Readonly<Record<string, string | undefined>>
}

/** What this file uses of ccxt besides the exchange's own methods. */
interface CcxtObject extends CcxtExchange {
  number: unknown
  setSandboxMode(enabled: boolean): void
  loadMarkets(): Promise<unknown>
  close?(): Promise<unknown>
}

type ExchangeClass = new (settings: Readonly<Record<string, unknown>>) => CcxtObject

interface Ccxt {
  readonly exchanges: readonly string[]
  /** The same exchanges with streams. */
  readonly pro: Readonly<Record<string, ExchangeClass | undefined>>
  readonly [name: string]: unknown
}

/**
 * Opens an exchange of ccxt, which the user has installed, with the keys of the environment
 * (`BINANCE_API_KEY`, `BINANCE_SECRET`, where the exchange has one `BINANCE_PASSWORD`). They are
 * not taken from the command line, where every user of the machine could read them.
 */
export async function openExchange(
  name: string,
  { symbols, sandbox, tickers = true, environment = process.env }: ExchangeOptions,
): Promise<OpenedAccount> {
  const ccxt = await loadCcxt('mirroring an exchange')
  const Exchange = ccxt.exchanges.includes(name)
    ? (ccxt.pro[name] ?? (ccxt[name] as ExchangeClass))
    : undefined
  if (Exchange === undefined)
    throw new UsageError(`ccxt knows no exchange ${name}; it knows ${ccxt.exchanges.join(', ')}`)
  const exchange = new Exchange({ ...keysOf(name, environment), enableRateLimit: true })
  // ccxt's own switch for decimals as text: with floats the exchange's digits would be lost.
  exchange.number = String
  try {
    if (sandbox) exchange.setSandboxMode(true)
    await exchange.loadMarkets()
  } catch (error) {
    await exchange.close?.()
    throw new PairduckError('EXCHANGE_FAILED', failureText(error), { cause: error, exchange: name })
  }
  return {
    source: ccxtSource(exchange, {
      ...(symbols !== undefined && { symbols }),
      ...(!tickers && { tickers: false }),
    }),
    close: async () => {
      await exchange.close?.()
    },
  }
}

/** What an exchange's failure says, without the signed query of the request that ccxt puts in. */
export function failureText(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const kind = error instanceof PairduckError ? '' : `${error.name}: `
  return kind + error.message.replaceAll(/(https?:[^\s?]+)\?\S*/g, '$1')
}

/** ccxt beside the user's own code, else beside pairduck. */
export async function loadCcxt(purpose: string): Promise<Ccxt> {
  for (const from of [join(process.cwd(), 'package.json'), import.meta.url]) {
    let file: string
    try {
      file = createRequire(from).resolve('ccxt')
    } catch {
      continue
    }
    const loaded = (await import(pathToFileURL(file).href)) as { default?: Ccxt } & Ccxt
    return loaded.default ?? loaded
  }
  throw new UsageError(`${purpose} needs the package ccxt: npm install ccxt`)
}

function keysOf(
  name: string,
  environment: Readonly<Record<string, string | undefined>>,
): Record<'apiKey' | 'secret' | 'password', string | undefined> {
  const value = (suffix: string): string | undefined =>
    environment[`${name.toUpperCase()}_${suffix}`]
  const [apiKey, secret] = [value('API_KEY'), value('SECRET')]
  if (apiKey === undefined || secret === undefined)
    throw new UsageError(
      `the keys of ${name} are missing: set ${name.toUpperCase()}_API_KEY and ${name.toUpperCase()}_SECRET (reading rights suffice)`,
    )
  return { apiKey, secret, password: value('PASSWORD') }
}
