import { describe } from 'vitest'
import { installWithNpm, testPackedPackage } from '../support/packed-package.ts'

describe('the packed package, installed by npm', () => {
  testPackedPackage(installWithNpm, { olderCompiler: true })
})
