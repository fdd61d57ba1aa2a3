import { formatPair, parsePair, type PairLike } from '../pair.ts'
import { makeRandom } from './random.ts'

/** What a simulated pair looks like: where its price begins and in which steps it trades. */
export interface Instrument {
  readonly pair: string
  readonly startPrice: number
  /** Smallest step of the price: 1 / `ticksPerUnit`, a whole number so that prices stay exact. */
  readonly ticksPerUnit: number
  /** Smallest volume: 1 / `lotsPerUnit`. */
  readonly lotsPerUnit: number
  /** Median volume of a trade. */
  readonly typicalVolume: number
}

interface KnownInstrument {
  readonly pattern: RegExp
  readonly startPrice: number
  readonly ticksPerUnit: number
  readonly typicalVolume: number
}

const known: readonly KnownInstrument[] = [
  { pattern: /^(?:BTC|XBT)/, startPrice: 61_800, ticksPerUnit: 100, typicalVolume: 0.012 },
  { pattern: /^ETH/, startPrice: 2_680, ticksPerUnit: 100, typicalVolume: 0.25 },
  { pattern: /^SOL/, startPrice: 152, ticksPerUnit: 100, typicalVolume: 4 },
  { pattern: /^XRP/, startPrice: 0.61, ticksPerUnit: 10_000, typicalVolume: 350 },
  { pattern: /^DOGE/, startPrice: 0.1, ticksPerUnit: 100_000, typicalVolume: 2_000 },
]

/** An instrument for any pair: the well-known ones look like themselves, others get their own. */
export function instrumentOf(pair: PairLike): Instrument {
  const parsed = parsePair(pair)
  const text = formatPair(parsed)
  const { startPrice, ticksPerUnit, typicalVolume } =
    known.find(({ pattern }) => pattern.test(parsed.symbol)) ?? invented(text)
  const lotsPerUnit = typicalVolume < 10 ? 100_000 : 10
  return { pair: text, startPrice, ticksPerUnit, lotsPerUnit, typicalVolume }
}

function invented(pair: string): Omit<KnownInstrument, 'pattern'> {
  const random = makeRandom(pair)
  const startPrice = Math.round(10 ** (random.next() * 4 - 1) * 100) / 100 + 0.01
  return {
    startPrice,
    ticksPerUnit: startPrice < 10 ? 10_000 : 100,
    typicalVolume: 500 / startPrice,
  }
}
