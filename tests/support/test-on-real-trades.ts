import { test } from 'vitest'
import { oracleIsHere } from './oracle.ts'

/** A test of each recorded market, its symbol as `%s` in the name; skipped without the outside data. */
export const testOnRealTrades = test.runIf(oracleIsHere).each(['BTCUSDT', 'ETHUSDT'] as const)
