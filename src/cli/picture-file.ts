import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import type { EChartsCoreOption } from 'echarts/core'
import { PairduckError } from '../errors.ts'
import { choiceOption } from './arguments.ts'
import type { PictureTheme } from './pictures/theme.ts'

export interface PictureOptions {
  readonly svg?: string
  readonly png?: string
  readonly theme: PictureTheme
}

export function withPictureOption(command: Command): Command {
  return command
    .option('--svg <file>', 'also draw a picture into this file')
    .option('--png <file>', 'the same in pixels, where Chromium is installed')
    .addOption(choiceOption('--theme <name>', 'of the picture', ['light', 'dark']))
}

/** Draws the pictures that were asked for; the command prints its answer all the same. */
export async function writePicture(
  { svg, png, theme }: PictureOptions,
  picture: () => EChartsCoreOption | Promise<EChartsCoreOption>,
): Promise<void> {
  if (svg === undefined && png === undefined) return
  const { renderSvg } = await import('./pictures/svg.ts')
  const { inTheme } = await import('./pictures/theme.ts')
  const drawn = inTheme(await renderSvg(await picture()), theme)
  if (svg !== undefined) await writeWhole(svg, drawn)
  if (png === undefined) return
  const { renderPng } = await import('./pictures/png.ts')
  await writeWhole(png, await renderPng(drawn))
}

async function writeWhole(file: string, content: string | Buffer): Promise<void> {
  await writeFile(file, content).catch((error: unknown) => {
    throw writeError(file, error)
  })
}

/** The system's own words, and the file once: `ENOENT: no such file or directory, open 'x'`. */
export function writeError(file: string, error: unknown): PairduckError {
  const words = error instanceof Error ? error.message : String(error)
  const reason = words.replace(/^[A-Z]+: /, '').replace(/, (?:open|write).*$/s, '')
  const code = /no space left/.test(reason) ? 'DISK_FULL' : 'IO_FAILED'
  return new PairduckError(code, `cannot write ${file}: ${reason}`, { cause: error, file })
}
