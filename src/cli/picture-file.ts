import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import type { EChartsCoreOption } from 'echarts/core'
import { PairduckError } from '../errors.ts'

export interface PictureOptions {
  readonly svg?: string
}

export function withPictureOption(command: Command): Command {
  return command.option('--svg <file>', 'also draw a picture into this file')
}

/** Draws the picture if one was asked for; the command prints its answer all the same. */
export async function writePicture(
  { svg }: PictureOptions,
  picture: () => EChartsCoreOption | Promise<EChartsCoreOption>,
): Promise<void> {
  if (svg === undefined) return
  const { renderSvg } = await import('./pictures/svg.ts')
  const drawn = await renderSvg(await picture())
  await writeFile(svg, drawn).catch((error: unknown) => {
    throw writeError(svg, error)
  })
}

/** The system's own words, and the file once: `ENOENT: no such file or directory, open 'x'`. */
export function writeError(file: string, error: unknown): PairduckError {
  const words = error instanceof Error ? error.message : String(error)
  const reason = words.replace(/^[A-Z]+: /, '').replace(/, (?:open|write).*$/s, '')
  const code = /no space left/.test(reason) ? 'DISK_FULL' : 'IO_FAILED'
  return new PairduckError(code, `cannot write ${file}: ${reason}`, { cause: error, file })
}
