import { element } from '../shell/element.ts'
import { bytesText, countText, durationText, rateText } from '../shell/figures.ts'
import type { PairStats, Source } from '../source/source.ts'

const refreshMs = 15_000
const rateWindowMs = 10_000

interface Row {
  readonly pair: string
  readonly item: HTMLLIElement
  readonly rate: HTMLElement
  readonly figures: HTMLElement
  readonly stored: { readonly at: number; readonly count: number }[]
  stats: PairStats | undefined
}

/** The stored pairs: trades per second as they come, rows, size, retention, open gaps. */
export class PairList {
  readonly #source: Source
  readonly #onChoose: (pair: string) => void
  readonly #search: HTMLInputElement
  readonly #list = element('ul', { role: 'listbox', 'aria-label': 'pairs' })
  readonly #rows = new Map<string, Row>()
  #chosen = ''
  #isLoaded = false
  #isKnown = false

  constructor(host: HTMLElement, source: Source, onChoose: (pair: string) => void) {
    this.#source = source
    this.#onChoose = onChoose
    this.#search = element('input', {
      type: 'search',
      placeholder: 'Find a pair  /',
      'aria-label': 'find a pair',
    })
    this.#search.addEventListener('input', () => this.#filter())
    this.#search.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' && event.key !== 'Escape') return
      const [first] = this.#shown()
      if (event.key === 'Enter' && first !== undefined) onChoose(first.pair)
      this.#search.value = ''
      this.#filter()
      this.#search.blur()
    })
    host.append(this.#search, this.#list)
    setInterval(() => void this.#refresh(), refreshMs)
    setInterval(() => this.#showRates(), 1000)
  }

  /** The statistics of the pairs, those that cannot be had apart; undefined until all were asked for. */
  get stats(): PairStats[] | undefined {
    if (!this.#isKnown) return undefined
    return [...this.#rows.values()].flatMap(({ stats }) => (stats === undefined ? [] : [stats]))
  }

  /** Shows the pairs; gives them in their order. */
  async load(): Promise<string[]> {
    const pairs = await this.#source.listPairs()
    for (const pair of pairs) if (!this.#rows.has(pair)) this.#add(pair)
    this.#isLoaded = true
    this.#mark()
    void this.#refresh()
    return pairs
  }

  choose(pair: string): void {
    this.#chosen = pair
    this.#mark()
  }

  /** The pair so many places further down, or up. */
  neighbour(step: number): string | undefined {
    const pairs = this.#shown().map(({ pair }) => pair)
    const at = pairs.indexOf(this.#chosen)
    return pairs[Math.min(pairs.length - 1, Math.max(0, at + step))]
  }

  search(): void {
    this.#search.focus()
  }

  /** A commit of the store: the pair may be new. */
  stored(pair: string, count: number): void {
    const row = this.#rows.get(pair)
    if (row === undefined) void this.load()
    else row.stored.push({ at: Date.now(), count })
  }

  #add(pair: string): void {
    const [exchange, market, ...symbol] = pair.split('/')
    const rate = element('span', { class: 'number faint' })
    const figures = element('div', { class: 'figures number' })
    const item = element(
      'li',
      { role: 'option', 'data-pair': pair, title: pair },
      element('div', { class: 'name' }, element('span', {}, symbol.join('/')), rate),
      element('div', { class: 'figures' }, `${exchange} ${market}`),
      figures,
    )
    item.addEventListener('click', () => this.#onChoose(pair))
    this.#rows.set(pair, { pair, item, rate, figures, stored: [], stats: undefined })
    const sorted = [...this.#rows.values()].sort((a, b) => (a.pair < b.pair ? -1 : 1))
    this.#list.replaceChildren(...sorted.map((row) => row.item))
    this.#filter()
  }

  #shown(): Row[] {
    return [...this.#rows.values()]
      .filter(({ item }) => !item.hidden)
      .sort((a, b) => (a.pair < b.pair ? -1 : 1))
  }

  #filter(): void {
    const words = this.#search.value.toLowerCase().split(/\s+/)
    for (const { pair, item } of this.#rows.values())
      item.hidden = !words.every((word) => pair.toLowerCase().includes(word))
  }

  #mark(): void {
    for (const { pair, item } of this.#rows.values()) {
      item.setAttribute('aria-selected', String(pair === this.#chosen))
      if (pair === this.#chosen) item.scrollIntoView({ block: 'nearest' })
    }
  }

  /** One after the other: a list of a thousand pairs must not crowd out the chart's questions. */
  async #refresh(): Promise<void> {
    if (document.hidden) return
    for (const row of this.#rows.values()) {
      const isStale = row.stats === undefined || row.stored.length > 0 || row.pair === this.#chosen
      if (!isStale) continue
      const stats = await this.#source.stats(row.pair).catch(() => undefined)
      if (stats === undefined) continue
      row.stats = stats
      this.#showFigures(row, stats)
    }
    this.#isKnown ||= this.#isLoaded
  }

  #showFigures({ figures }: Row, stats: PairStats): void {
    const bytes = (stats.fileBytes ?? 0) + (stats.walBytes ?? 0)
    const keep = stats.retention['ticks']
    const missing = stats.gaps.open + stats.gaps.unfillable
    figures.replaceChildren(
      element('span', { title: 'trades stored' }, `${countText(stats.ticks)} trades`),
      element('span', { title: 'file and write-ahead log' }, bytesText(bytes)),
      element('span', { title: 'how long trades are kept' }, keptText(keep)),
      missing + stats.gaps.unproved === 0
        ? ''
        : element(
            'span',
            { class: missing > 0 ? 'warn' : 'faint', title: 'holes in the recorded trades' },
            missing > 0
              ? `${missing} ${missing === 1 ? 'gap' : 'gaps'}`
              : `${stats.gaps.unproved} unproved`,
          ),
    )
  }

  #showRates(): void {
    const now = Date.now()
    for (const { stored, rate } of this.#rows.values()) {
      while (stored[0] !== undefined && stored[0].at < now - rateWindowMs) stored.shift()
      const count = stored.reduce((sum, each) => sum + each.count, 0)
      const text = count === 0 ? '' : rateText(count / (rateWindowMs / 1000))
      if (rate.textContent !== text) rate.textContent = text
    }
  }
}

/** Without a rule of its own a pair is kept as by default. */
function keptText(keepMs: number | null | undefined): string {
  if (keepMs === undefined) return 'kept 15 min'
  return keepMs === null ? 'kept for ever' : `kept ${durationText(keepMs)}`
}
