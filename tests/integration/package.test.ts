import { describe } from 'vitest'
import { installByLinks, testPackedPackage } from '../support/packed-package.ts'

// tests/long installs it with npm.
describe('the packed package beside what it says it depends on', () => {
  testPackedPackage(installByLinks)
})
