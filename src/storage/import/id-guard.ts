import { stat } from 'node:fs/promises'
import { PairduckError, visible } from '../../errors.ts'
import { formatPair, type Pair } from '../../pair.ts'
import { hashOf } from './checksum.ts'
import type { IdGuard } from './import-file.ts'
import type { ImportLedger } from './import-ledger.ts'

/**
 * Trades without ids are never recognised as duplicates. So that a file of them is begun once is
 * written down before its first row, and it is refused a second time, be it whole or not.
 */
export function idGuard(ledger: ImportLedger, pair: Pair, options: string): IdGuard {
  return async (path, file) => {
    const known = {
      pair: formatPair(pair),
      sha256: await hashOf(path),
      options: `no ids ${options}`,
    }
    const before = await ledger.find(known)
    if (before !== undefined)
      throw new PairduckError(
        'IMPORT_FAILED',
        `${visible(file)} has no trade ids, and its import into ${known.pair} was begun before (${new Date(before.at).toISOString()}, as ${visible(before.file)}): again, its trades would be stored a second time. If that is what you want, give --no-ids (\`noIds\`); into an empty pair --make-ids (\`makeIds\`) makes ids, and then an import can be repeated; nothing is stored`,
        { file, pair: known.pair },
      )
    const { size } = await stat(path)
    await ledger.add({ ...known, state: 'begun', file, bytes: size, at: Date.now() })
  }
}
