import { isInstalled } from '../../scripts/system-packages.ts'

/**
 * For `describe.skipIf` and `it.skipIf`: true where a program of the system (gcc, a browser) is
 * missing, so that what needs it is skipped by name. Never true with CI=true: there it has to be.
 * Programs are named in scripts/system-packages.ts, which `npm test` installs where it may.
 */
export function isMissing(program: 'gcc' | 'chromium'): boolean {
  return process.env['CI'] !== 'true' && !isInstalled(program)
}
