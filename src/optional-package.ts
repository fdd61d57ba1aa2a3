import { PairduckError } from './errors.ts'

/**
 * Loads what only some users install. `PACKAGE_MISSING` names the packages and how to get them;
 * `purpose` says what they are needed for, such as `--svg`.
 */
export async function optionalPackage<T>(
  purpose: string,
  packages: readonly string[],
  load: () => Promise<T>,
): Promise<T> {
  try {
    return await load()
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause
    const names = packages.join(' ')
    throw new PairduckError(
      'PACKAGE_MISSING',
      `${purpose} needs ${packages.length === 1 ? 'the package' : 'the packages'} ${packages.join(' and ')}: npm install ${names}`,
      { packages, cause },
    )
  }
}
