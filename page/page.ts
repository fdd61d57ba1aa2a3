import type { StoredCandle } from 'pairduck'
import { isTimeframe, type Timeframe } from '../src/time.ts'
import { MarketChart } from './chart/market-chart.ts'
import { HealthPanel } from './panels/health-panel.ts'
import { AccountPanel } from './panels/account-panel.ts'
import { PairList } from './panels/pair-list.ts'
import { Session } from './session.ts'
import { showHelp } from './shell/dialogs.ts'
import { button, element } from './shell/element.ts'
import { timeText, volumeText } from './shell/figures.ts'
import { listenToKeys, type KeyAction } from './shell/keyboard.ts'
import { applyTheme, chosenTheme, rememberTheme, type Theme } from './shell/theme.ts'
import { layerKeys, Toolbar } from './shell/toolbar.ts'
import type { Source } from './source/source.ts'

/** The page: builds it, and joins what its parts tell each other. */
export class Page {
  readonly #source: Source
  readonly #toolbar: Toolbar
  readonly #chart: MarketChart
  readonly #session: Session
  readonly #legend = element('div', { id: 'legend', class: 'number' })
  readonly #notice = element('div', { id: 'notice', role: 'status' })
  #pairs: PairList | undefined
  #account: AccountPanel | undefined
  readonly #keys: readonly KeyAction[]
  #theme: Theme = chosenTheme()

  constructor(source: Source) {
    this.#source = source
    applyTheme(this.#theme)
    document.body.dataset['live'] = String(source.live)
    this.#keys = this.#keyActions()
    const top = element('header', { id: 'top' })
    const canvas = element('div', { id: 'canvas' })
    const over = [this.#legend, this.#notice, credit()]
    const host = element('main', { id: 'chart', role: 'img' }, canvas, ...over)
    document.body.append(top, host)
    this.#toolbar = new Toolbar(top, source.timeframes, {
      onTimeframe: (timeframe) => this.#open(this.#session.pair, timeframe),
      onLayers: (layers) => this.#session.setLayers(layers),
      onTheme: () => this.#switchTheme(),
      onHelp: () => showHelp(this.#keys),
    })
    this.#chart = new MarketChart(host, canvas)
    this.#chart.showCvd(this.#toolbar.layers.cvd)
    this.#chart.onPointer((bar) => this.#showLegend(bar))
    this.#session = new Session(source, this.#chart, this.#toolbar.layers, {
      onState: (state) => this.#toolbar.showState(state, state === 'open' ? 'live' : 'connecting'),
      onNotice: (text) => (this.#notice.textContent = text),
      onBars: () => this.#showBars(),
    })
    if (source.live) [this.#pairs, this.#account] = this.#addSides()
    listenToKeys(this.#keys)
    addEventListener('hashchange', () => this.#openAddress())
  }

  /** What only a server has: the list of pairs, the health of its store, the account. */
  #addSides(): [PairList, AccountPanel] {
    const nav = element('nav', { id: 'pairs', 'aria-label': 'pairs' })
    const side = element('aside', { id: 'side', 'aria-label': 'health and account' })
    document.body.append(nav, side, tabs())
    const pairs = new PairList(nav, this.#source, (pair) =>
      this.#open(pair, this.#session.timeframe),
    )
    const health = new HealthPanel(side, this.#source, pairs)
    const account = new AccountPanel(side, this.#source, (orders) => this.#chart.setOrders(orders))
    this.#source.followStore({
      onState: () => undefined,
      onEvent: (event, data) => {
        health.told(event, data)
        if (event !== 'ticksStored') return
        const { pair, counts } = data as { pair: string; counts: { inserted: number } }
        pairs.stored(pair, counts.inserted)
        if (this.#session.pair === '') this.#open(pair, this.#session.timeframe)
      },
    })
    return [pairs, account]
  }

  /** Loads the pairs and shows the one that the address names, or the first. */
  async start(): Promise<void> {
    try {
      const pairs = (await this.#pairs?.load()) ?? (await this.#source.listPairs())
      if (pairs.length === 0 && !location.hash) this.#notice.textContent = 'No pair is stored yet.'
      else this.#openAddress(pairs[0])
    } catch (error) {
      this.#notice.textContent = error instanceof Error ? error.message : String(error)
    }
    document.body.dataset['ready'] = 'true'
  }

  #openAddress(first?: string): void {
    const given = new URLSearchParams(location.hash.slice(1))
    const pair = given.get('pair') ?? first
    const timeframe = given.get('timeframe')
    if (pair === undefined) return
    this.#open(
      pair,
      isTimeframe(timeframe) && this.#source.timeframes.includes(timeframe)
        ? timeframe
        : this.#session.timeframe,
    )
  }

  #open(pair: string, timeframe: Timeframe): void {
    if (pair === this.#session.pair && timeframe === this.#session.timeframe) return
    const address = new URLSearchParams({ pair, timeframe }).toString()
    history.replaceState(null, '', `#${address}`)
    document.title = `${pair} · pairduck`
    showTab('chart')
    this.#toolbar.show(pair, timeframe)
    this.#toolbar.showPrice('', '')
    if (!this.#source.live) this.#toolbar.showState('fixed', this.#rangeText())
    this.#pairs?.choose(pair)
    this.#account?.choose(pair)
    this.#legend.replaceChildren()
    void this.#session.open(pair, timeframe)
  }

  #rangeText(): string {
    const { range } = this.#source
    const span = range && `${timeText(range.from)} – ${timeText(range.to)} UTC`
    return [span, ...this.#source.notes].filter((text) => text !== undefined).join(' · ')
  }

  #showBars(): void {
    const last = this.#chart.bars.at(-1)
    if (last === undefined) return
    const direction = last.close < last.open ? 'down' : last.close > last.open ? 'up' : ''
    const text = this.#chart.priceText(last.close)
    this.#toolbar.showPrice(text, direction)
    if (this.#source.live) document.title = `${text} ${this.#session.pair} · pairduck`
    this.#showLegend(undefined)
  }

  #showLegend(pointed: StoredCandle | undefined): void {
    const bar = pointed ?? this.#chart.bars.at(-1)
    if (bar === undefined) return
    const price = (value: number): string => this.#chart.priceText(value)
    const delta =
      bar.buyVolume === null || bar.sellVolume === null ? undefined : bar.buyVolume - bar.sellVolume
    this.#legend.replaceChildren(
      ...[
        `${timeText(bar.timestamp)} UTC`,
        `O ${price(bar.open)}`,
        `H ${price(bar.high)}`,
        `L ${price(bar.low)}`,
        `C ${price(bar.close)}`,
        `V ${volumeText(bar.volume ?? 0)}`,
        delta === undefined ? '' : `Δ ${delta > 0 ? '+' : ''}${volumeText(delta)}`,
      ].map((text, at) => element('span', at === 0 ? { class: 'long' } : {}, text)),
    )
  }

  #switchTheme(): void {
    this.#theme = this.#theme === 'dark' ? 'light' : 'dark'
    rememberTheme(this.#theme)
    applyTheme(this.#theme)
    this.#chart.restyle()
  }

  #step(step: number): void {
    const pair = this.#pairs?.neighbour(step)
    if (pair !== undefined) this.#open(pair, this.#session.timeframe)
  }

  #keyActions(): KeyAction[] {
    const layers = Object.entries(layerKeys).map(([name, [text, key]]): KeyAction => ({
      keys: [key],
      shown: key,
      does: `${text} on or off`,
      act: () => this.#toolbar.toggle(name as keyof typeof layerKeys),
    }))
    const { timeframes } = this.#source
    const digits = timeframes.map((_, at) => String(at + 1))
    return [
      { keys: ['/'], shown: '/', does: 'find a pair', act: () => this.#pairs?.search() },
      {
        keys: ['ArrowUp', 'ArrowDown'],
        shown: '↑ ↓',
        does: 'the pair before, the next one',
        act: (key) => this.#step(key === 'ArrowUp' ? -1 : 1),
      },
      {
        keys: digits,
        shown: '1 … 9',
        does: `timeframe: ${timeframes.join(' ')}`,
        act: (key) => this.#open(this.#session.pair, timeframes[Number(key) - 1]!),
      },
      {
        keys: ['ArrowLeft', 'ArrowRight'],
        shown: '← →',
        does: 'back and forth in time',
        act: (key) => this.#chart.scroll(key === 'ArrowLeft' ? -5 : 5),
      },
      {
        keys: ['+', '=', '-'],
        shown: '+ −',
        does: 'wider and narrower bars; wide ones show the footprint',
        act: (key) => this.#chart.zoom(key === '-' ? 1 / 1.4 : 1.4),
      },
      {
        keys: ['End'],
        shown: 'End',
        does: 'to the newest bar',
        act: () => this.#chart.showNewest(),
      },
      ...layers,
      { keys: ['t'], shown: 't', does: 'dark or light', act: () => this.#switchTheme() },
      { keys: ['?'], shown: '?', does: 'these keys', act: () => showHelp(this.#keys) },
    ]
  }
}

/** What its licence asks for; the library's own logo would need inline style. */
function credit(): HTMLAnchorElement {
  const href = 'https://www.tradingview.com/'
  return element('a', { class: 'credit', href, rel: 'noreferrer' }, 'Charts by TradingView')
}

/** What a telephone shows: one part at a time. */
function tabs(): HTMLElement {
  return element(
    'nav',
    { id: 'tabs', role: 'tablist' },
    tab('chart', 'Chart'),
    tab('pairs', 'Pairs'),
    tab('side', 'Health, account'),
  )
}

function tab(name: string, text: string): HTMLButtonElement {
  return button(text, text, () => showTab(name), { 'data-tab': name, role: 'tab' })
}

function showTab(name: string): void {
  document.body.dataset['tab'] = name
  for (const tab of document.querySelectorAll<HTMLElement>('#tabs button'))
    tab.setAttribute('aria-selected', String(tab.dataset['tab'] === name))
}
