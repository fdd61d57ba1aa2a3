import { afterEach, expect, it, vi } from 'vitest'
import { isInstalled } from '../../scripts/system-packages.ts'
import { isMissing } from '../support/system-program.ts'

afterEach(() => vi.unstubAllEnvs())

it('finds a program on the PATH, and only what can be run', () => {
  expect(isInstalled('sh')).toBe(true)
  expect(isInstalled('no-such-program')).toBe(false)
  vi.stubEnv('PATH', '/nowhere')
  expect(isInstalled('sh')).toBe(false)
})

it('skips nothing in CI, where every program has to be', () => {
  vi.stubEnv('PATH', '/nowhere')
  vi.stubEnv('CI', '')
  expect(isMissing('gcc')).toBe(true)
  vi.stubEnv('CI', 'true')
  expect(isMissing('gcc')).toBe(false)
})
