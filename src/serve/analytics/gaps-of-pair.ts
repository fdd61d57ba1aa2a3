import { resolveOptions } from '../../options.ts'
import type { Query } from '../../queries/query.ts'
import type { Gap } from '../../schema/gaps.ts'
import { gapsQuery } from '../../storage/write/gap-ledger.ts'

/** The ledger of holes as a builder: it takes no options. */
export function gapsOfPairQuery(options?: object): Query<Gap> {
  resolveOptions('gaps', options, {})
  return gapsQuery
}
