import type { Timeframe } from '../../src/time.ts'
import type { Layers } from '../session.ts'
import { button, element } from './element.ts'
import { remember, remembered } from './theme.ts'

export interface ToolbarActions {
  readonly onTimeframe: (timeframe: Timeframe) => void
  readonly onLayers: (layers: Layers) => void
  readonly onTheme: () => void
  readonly onHelp: () => void
}

/** Layer → its button and its key. */
export const layerKeys: Readonly<Record<keyof Layers, readonly [text: string, key: string]>> = {
  cvd: ['CVD', 'c'],
  profile: ['Profile', 'p'],
  footprint: ['Footprint', 'f'],
  gaps: ['FVG', 'g'],
  zones: ['Zones', 'z'],
  holes: ['Holes', 'h'],
  trades: ['Large', 'l'],
}
const layerNames = Object.keys(layerKeys) as (keyof Layers)[]

const layerTitles: Readonly<Record<keyof Layers, string>> = {
  cvd: 'cumulative volume delta',
  profile: 'volume profile of what is seen, with point of control and value area',
  footprint: 'sold × bought at each price, when bars are wide enough',
  gaps: 'fair value gaps, from the moment when they could be known',
  zones: 'supply and demand zones, from the moment when they could be known',
  holes: 'holes in the data',
  trades: 'large trades',
}

/** The bar at the top: pair, price, timeframes, layers. */
export class Toolbar {
  readonly #title = element('h1', {})
  readonly #price = element('span', { class: 'price number', id: 'price' })
  readonly #state = element('span', { id: 'state', role: 'status' })
  readonly #frames: ReadonlyMap<Timeframe, HTMLButtonElement>
  readonly #toggles: ReadonlyMap<keyof Layers, HTMLButtonElement>
  readonly #actions: ToolbarActions
  #layers: Layers = rememberedLayers()

  constructor(host: HTMLElement, timeframes: readonly Timeframe[], actions: ToolbarActions) {
    this.#actions = actions
    this.#frames = new Map(
      timeframes.map((each) => [
        each,
        button(each, `bars of ${each}`, () => actions.onTimeframe(each), {
          'data-timeframe': each,
        }),
      ]),
    )
    this.#toggles = new Map(
      layerNames.map((name) => [
        name,
        button(layerKeys[name][0], `${layerTitles[name]} (${layerKeys[name][1]})`, () =>
          this.toggle(name),
        ),
      ]),
    )
    host.append(
      element('span', { class: 'brand' }, logo(), element('span', {}, 'pairduck')),
      this.#title,
      this.#price,
      this.#state,
      element('span', { class: 'spring wide' }),
      element(
        'span',
        { class: 'group', role: 'group', 'aria-label': 'timeframe' },
        ...this.#frames.values(),
      ),
      element(
        'span',
        { class: 'group', role: 'group', 'aria-label': 'layers' },
        ...this.#toggles.values(),
      ),
      element(
        'span',
        { class: 'group end' },
        button('◐', 'dark or light (t)', actions.onTheme, { id: 'theme' }),
        button('?', 'keys (?)', actions.onHelp, { id: 'help', class: 'wide' }),
      ),
    )
    this.#showLayers()
  }

  get layers(): Layers {
    return this.#layers
  }

  toggle(name: keyof Layers): void {
    this.#layers = { ...this.#layers, [name]: !this.#layers[name] }
    remember('layers', JSON.stringify(this.#layers))
    this.#showLayers()
    this.#actions.onLayers(this.#layers)
  }

  show(pair: string, timeframe: Timeframe): void {
    const [exchange, market, ...symbol] = pair.split('/')
    this.#title.replaceChildren(
      symbol.join('/'),
      element('span', { class: 'faint wide' }, ` ${exchange} ${market}`),
    )
    for (const [each, made] of this.#frames)
      made.setAttribute('aria-pressed', String(each === timeframe))
  }

  showPrice(text: string, direction: 'up' | 'down' | ''): void {
    this.#price.textContent = text
    this.#price.className = `price number ${direction}`
  }

  showState(state: 'open' | 'lost' | 'fixed', text: string): void {
    this.#state.dataset['state'] = state
    this.#state.textContent = text
  }

  #showLayers(): void {
    for (const [name, made] of this.#toggles)
      made.setAttribute('aria-pressed', String(this.#layers[name]))
  }
}

function rememberedLayers(): Layers {
  const all = Object.fromEntries(layerNames.map((name) => [name, true]))
  try {
    const stored = JSON.parse(remembered('layers') ?? '{}') as Partial<Layers>
    return { ...all, ...stored } as unknown as Layers
  } catch {
    return all as unknown as Layers
  }
}

function logo(): HTMLImageElement {
  // The document's own icon: in a file it is part of it.
  const src = document.querySelector<HTMLLinkElement>('link[rel=icon]')?.href
  return element('img', { src, alt: '', width: '18', height: '18' })
}
