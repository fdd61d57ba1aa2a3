import { styleText } from 'node:util'

/** Colours by meaning; each gives its text back unchanged where colours are not wanted. */
export interface Ink {
  readonly buy: (text: string) => string
  readonly sell: (text: string) => string
  readonly strong: (text: string) => string
  readonly faint: (text: string) => string
  readonly mark: (text: string) => string
  /** Whether colour can carry meaning; if not, a chart must tell by its shapes. */
  readonly coloured: boolean
}

export function makeInk(coloured: boolean): Ink {
  const paint = (style: Parameters<typeof styleText>[0]) => (text: string) =>
    coloured && text !== '' ? styleText(style, text, { validateStream: false }) : text
  return {
    buy: paint('green'),
    sell: paint('red'),
    strong: paint('bold'),
    faint: paint('gray'),
    mark: paint('yellow'),
    coloured,
  }
}

export const plainInk: Ink = makeInk(false)
