import { it } from 'vitest'
import { expectArchiveSafe } from '../support/archive-kills.ts'
import { rotatingSeed } from '../support/rotating-seed.ts'

it('keeps every acknowledged tick in archive and file once through kill -9', async () => {
  await expectArchiveSafe(60, rotatingSeed())
})
