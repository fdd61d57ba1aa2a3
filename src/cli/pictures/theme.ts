import { palette } from './svg.ts'

export const pictureThemes = ['light', 'dark'] as const
export type PictureTheme = (typeof pictureThemes)[number]

/** What stands for each colour of the light picture on a dark ground. */
const dark: Readonly<Record<string, string>> = {
  '#ffffff': '#0f141b',
  [palette.up]: '#2fa87a',
  [palette.down]: '#e2574c',
  [palette.line]: '#6aa1ee',
  [palette.poc]: '#e0a83a',
  [palette.area]: '#4c86c6',
  [palette.outside]: '#3a4759',
  [palette.grid]: '#222c39',
  [palette.text]: '#d7dee8',
  [palette.faint]: '#8592a6',
  // The bands of the average, the widest last.
  '#9ebcda': '#3c6a9e',
  '#bfd3e6': '#31547c',
  '#d0d1e6': '#28425f',
}

/**
 * The picture in a theme. Pictures are drawn in the colours of the light one, and a theme exchanges
 * them in the finished document: so the functions that draw know of no theme.
 */
export function inTheme(svg: string, theme: PictureTheme): string {
  if (theme === 'light') return svg
  return svg.replaceAll(/#[0-9a-f]{6}\b|#fff\b/gi, (colour) => {
    const light = colour.toLowerCase() === '#fff' ? '#ffffff' : colour.toLowerCase()
    return dark[light] ?? colour
  })
}
