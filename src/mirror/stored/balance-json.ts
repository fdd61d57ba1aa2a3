import { addText } from '../model/decimal.ts'
import type { Balance } from '../model/balance.ts'
import { jsonText } from '../model/json-text.ts'
import { isAsset } from '../model/symbol.ts'
import { storedDecimal, storedFields } from './stored-value.ts'

/** A balance as JSON, decimals as bare tokens. */
export function encodeBalance({ asset, free, used, total }: Balance): string {
  return `{"asset":${jsonText(asset)},"free":${free},"used":${used},"total":${total}}`
}

/** Reads a balance's JSON; throws when it is none. */
export function decodeBalance(json: string): Balance {
  const fields = storedFields(json)
  const { asset } = fields
  if (!isAsset(asset)) throw new SyntaxError('expected asset to be an asset')
  const free = storedDecimal(fields['free'], 'free')
  const used = storedDecimal(fields['used'], 'used')
  const total = fields['total'] ?? addText(free, used)
  return { asset, free, used, total: storedDecimal(total, 'total') }
}
