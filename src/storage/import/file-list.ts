import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { glob } from 'tinyglobby'
import { PairduckError, visible } from '../../errors.ts'
import { isChecksumFile } from './checksum.ts'
import { refusePipe } from './standard-input.ts'

/**
 * The files that names, folders (with what is below them) and patterns (`*`, `**`, `?`, `{a,b}`)
 * stand for, each once, in the order of their names with numbers as numbers.
 */
export async function listFiles(inputs: readonly string[]): Promise<readonly string[]> {
  const found: string[] = []
  for (const input of inputs) found.push(...(await filesOf(input)))
  const files = new Map(found.map((file) => [resolve(file), file]))
  return [...files.values()].toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))
}

async function filesOf(input: string): Promise<readonly string[]> {
  const there = await stat(input).catch(() => undefined)
  if (there !== undefined) refusePipe(input, there)
  if (there !== undefined && !there.isDirectory()) return [input]
  const pattern = there === undefined ? input : '**/*'
  const matches = await glob([pattern], {
    ...(there === undefined ? {} : { cwd: input }),
    absolute: false,
    expandDirectories: false,
  })
  const files = matches
    .filter((file) => !isChecksumFile(file))
    .map((file) => (there === undefined ? file : join(input, file)))
  if (files.length > 0) return files
  const reason =
    there !== undefined
      ? 'is a folder without files'
      : /[*?{[]/.test(input)
        ? 'fits no file'
        : 'there is no such file'
  throw new PairduckError('IMPORT_FAILED', `${visible(input)}: ${reason}`, { file: input })
}
