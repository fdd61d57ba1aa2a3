import { expect, it } from 'vitest'
import { importFailed } from '../../../src/storage/import/import-failure.ts'

it('a full temporary folder is that, whichever file an import writes to it', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
    code: 'ENOSPC',
    syscall: 'write',
  })
  expect(importFailed('-', full)).toMatchObject({
    code: 'DISK_FULL',
    message: '-: no space for it in the temporary folder (TMPDIR says where that is)',
    cause: full,
  })
  expect(importFailed('a.csv', new Error('no row'))).toMatchObject({
    code: 'IMPORT_FAILED',
    message: 'a.csv: no row',
  })
})
