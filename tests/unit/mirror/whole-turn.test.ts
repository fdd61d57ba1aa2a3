import { readFile } from 'node:fs'
import { expect, it } from 'vitest'
import { wholeTurn } from '../../../src/mirror/stored/whole-turn.ts'

it('lets a timer that is due go first, also where data has just come in', async () => {
  const wentFirst = new Promise<boolean>((resolve) => {
    readFile(import.meta.filename, () => {
      let isDue = false
      setTimeout(() => (isDue = true), 1)
      const untilMs = performance.now() + 3
      while (performance.now() < untilMs);
      void wholeTurn().then(() => resolve(isDue))
    })
  })
  expect(await wentFirst).toBe(true)
})
