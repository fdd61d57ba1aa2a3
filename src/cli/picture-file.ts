import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import type { EChartsCoreOption } from 'echarts/core'

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
  await writeFile(svg, await renderSvg(await picture()))
}
