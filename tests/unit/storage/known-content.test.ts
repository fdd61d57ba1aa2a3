import { expect, test } from 'vitest'
import { KnownContent } from '../../../src/storage/write/known-content.ts'

const content = { relations: {}, marks: {} }

test('what a file was asked counts, unless somebody may have written to it meanwhile', () => {
  const known = new KnownContent(undefined)
  known.learn(content, known.forgotten)
  expect(known.content).toEqual(content)
  const { forgotten } = known
  known.forget()
  known.learn(content, forgotten)
  expect(known.content).toBeUndefined()
})
