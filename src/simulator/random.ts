/** A seeded stream of random numbers: the same seed gives the same numbers on every machine. */
export interface Random {
  /** Uniform in [0, 1), with 32 bits. */
  next(): number
  /** Standard normal to a good approximation, within ±3.5. */
  normal(): number
  /** Exponential with mean 1. */
  exponential(): number
}

/** The small fast counter generator sfc32 (Doty-Humphrey), seeded from a text. */
export function makeRandom(seed: string): Random {
  let [a, b, c, counter] = seedWords(seed)
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return (sum >>> 0) / 4_294_967_296
  }
  // The first numbers still show how alike two seeds were.
  for (let warmUp = 0; warmUp < 16; warmUp++) next()
  return {
    next,
    normal: () => (next() + next() + next() + next() - 2) * Math.sqrt(3),
    exponential: () => -Math.log(1 - next()),
  }
}

/** FNV-1a over the text, four times from different starts. */
function seedWords(seed: string): [number, number, number, number] {
  const word = (start: number): number => {
    let hash = start
    for (let index = 0; index < seed.length; index++)
      hash = Math.imul(hash ^ seed.charCodeAt(index), 16_777_619)
    return hash | 0
  }
  return [word(2_166_136_261), word(0x9e3779b9), word(0x85ebca6b), 1]
}
