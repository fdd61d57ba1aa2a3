export type Theme = 'dark' | 'light'

/** What is drawn on a canvas, by what it stands for. */
export interface Palette {
  readonly background: string
  readonly text: string
  readonly faint: string
  readonly grid: string
  readonly up: string
  readonly down: string
  readonly accent: string
  readonly area: string
  readonly outside: string
  readonly hole: string
}

const names = [
  'background',
  'text',
  'faint',
  'grid',
  'up',
  'down',
  'accent',
  'area',
  'outside',
  'hole',
] as const satisfies readonly (keyof Palette)[]

/** The theme of the page: what its user chose, else what the system has. */
export function chosenTheme(): Theme {
  const stored = remembered('theme')
  if (stored === 'dark' || stored === 'light') return stored
  return matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark'
}

export function applyTheme(theme: Theme): void {
  document.documentElement.dataset['theme'] = theme
}

export function rememberTheme(theme: Theme): void {
  remember('theme', theme)
}

/** The colours of the style sheet, for canvases. */
export function palette(): Palette {
  const style = getComputedStyle(document.documentElement)
  return Object.fromEntries(
    names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]),
  ) as unknown as Palette
}

/** A colour of the form `#rrggbb` with an opacity. */
export function faded(colour: string, opacity: number): string {
  return `${colour}${Math.round(opacity * 255)
    .toString(16)
    .padStart(2, '0')}`
}

/** A setting of the last visit; undefined where the browser keeps none, as for a local file. */
export function remembered(name: string): string | undefined {
  try {
    return localStorage.getItem(`pairduck.${name}`) ?? undefined
  } catch {
    return undefined
  }
}

export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(`pairduck.${name}`, value)
  } catch {
    // A browser that keeps nothing shows the default next time.
  }
}
