/**
 * A seed that differs from run to run, so that many short runs try what one long run would. It is
 * printed; PAIRDUCK_TEST_SEED=<number> repeats a run.
 */
export function rotatingSeed(): number {
  const wanted = process.env['PAIRDUCK_TEST_SEED']
  const seed = wanted === undefined ? Math.floor(Math.random() * 1_000_000) : Number(wanted)
  if (!Number.isSafeInteger(seed)) throw new RangeError(`PAIRDUCK_TEST_SEED is ${wanted}`)
  console.log(`seed ${seed}: PAIRDUCK_TEST_SEED=${seed} repeats this run`)
  return seed
}
