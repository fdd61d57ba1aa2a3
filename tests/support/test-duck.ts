import { afterAll, beforeEach } from 'vitest'
import { Duck } from './duck.ts'

/** A database for all tests of a file: empty before each of them, closed after the last. */
export async function openTestDuck(): Promise<Duck> {
  const duck = await Duck.open()
  beforeEach(() => duck.clear())
  afterAll(() => duck.close())
  return duck
}
