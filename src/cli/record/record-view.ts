import type { RecordEvent } from '../../record/index.ts'
import { countedText, countText, durationText, priceText, timeText } from '../figures.ts'
import type { Terminal } from '../terminal.ts'
import { textTable } from '../text-table.ts'
import { failureText } from '../mirror/exchange-account.ts'

/** Shows what a recorder tells as it comes. */
export interface RecordView {
  show(event: RecordEvent): void
  end(): void
}

/** A screen is drawn again at most this often. */
const frameMs = 500
/** Trades a second are counted over so long. */
const rateMs = 10_000

/** On a terminal a table that is drawn anew; in a pipe a line per event; or JSON, an object a line. */
export function recordView(title: string, terminal: Terminal, json: boolean): RecordView {
  if (terminal.isInteractive && !json) return new RecordScreen(title, terminal)
  return {
    show: (event) => terminal.print(json ? JSON.stringify(jsonOf(event)) : lineOf(event)),
    end: () => undefined,
  }
}

interface PairRow {
  readonly pair: string
  readonly stored: [time: number, trades: number][]
  total: number
  lastPrice: number | undefined
  lagMs: number | undefined
  readonly gaps: Map<string, string>
}

/** What stands on the screen, kept up by events. */
class RecordScreen implements RecordView {
  readonly #title: string
  readonly #terminal: Terminal
  readonly #pairs = new Map<string, PairRow>()
  #remark = ''
  #timer: NodeJS.Timeout | undefined

  constructor(title: string, terminal: Terminal) {
    this.#title = title
    this.#terminal = terminal
  }

  show(event: RecordEvent): void {
    if (event.type === 'stored') {
      const row = this.#row(event.pair)
      row.stored.push([Date.now(), event.counts.inserted])
      row.total += event.counts.inserted
      row.lastPrice = event.lastPrice
      row.lagMs = event.lagMs
    } else if (event.type === 'gap') {
      const { fromTime, fromId, state } = event.gap
      this.#row(event.pair).gaps.set(`${fromTime} ${fromId}`, state)
    } else this.#remark = lineOf(event)
    this.#timer ??= setTimeout(() => this.#draw(), frameMs)
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#draw()
  }

  #row(pair: string): PairRow {
    const found = this.#pairs.get(pair)
    if (found !== undefined) return found
    const row: PairRow = {
      pair,
      stored: [],
      total: 0,
      lastPrice: undefined,
      lagMs: undefined,
      gaps: new Map(),
    }
    this.#pairs.set(pair, row)
    return row
  }

  #draw(): void {
    this.#timer = undefined
    const { ink, columns } = this.#terminal
    const table = textTable(
      [...this.#pairs.values()],
      [
        { title: 'pair', cell: ({ pair }) => pair, align: 'left' },
        { title: 'trades', cell: ({ total }) => countText(total) },
        { title: 'per s', cell: (row) => rateOf(row).toFixed(1) },
        { title: 'lag', cell: ({ lagMs }) => (lagMs === undefined ? '–' : durationText(lagMs)) },
        { title: 'last price', cell: ({ lastPrice }) => priceText(lastPrice) },
        { title: 'gaps open', cell: (row) => states(row, 'open', 'unfillable') },
        { title: 'unproved', cell: (row) => states(row, 'unproved') },
        { title: 'filled', cell: (row) => states(row, 'filled') },
      ],
      { columns, ink },
    )
    this.#terminal.clear()
    this.#terminal.print(
      [`${ink.strong(this.#title)} ${ink.faint('Ctrl-C stops')}`, '', table, '', this.#remark].join(
        '\n',
      ),
    )
  }
}

function states({ gaps }: PairRow, ...wanted: string[]): string {
  return countText([...gaps.values()].filter((state) => wanted.includes(state)).length)
}

function rateOf(row: PairRow): number {
  const since = Date.now() - rateMs
  while (row.stored.length > 0 && row.stored[0]![0] < since) row.stored.shift()
  return row.stored.reduce((sum, [, trades]) => sum + trades, 0) / (rateMs / 1_000)
}

function jsonOf(event: RecordEvent): object {
  return event.type === 'error' ? { ...event, error: failureText(event.error) } : event
}

function lineOf(event: RecordEvent): string {
  if (event.type === 'stored')
    return `${event.pair}: ${countedText(event.counts.inserted, 'trade')} stored, last ${priceText(event.lastPrice)}, lag ${durationText(event.lagMs)}`
  if (event.type === 'gap') {
    const { fromTime, toTime, state, reason } = event.gap
    return `${event.pair}: gap ${timeText(fromTime)} to ${timeText(toTime)} ${state}${reason === null ? '' : ` (${reason})`}`
  }
  if (event.type === 'kept')
    return `${event.pair}: new; keeps everything (--keep 7d deletes what is older)`
  if (event.type === 'rejected') return `${event.pair}: not stored: ${event.reason}`
  if (event.type === 'error')
    return `${event.pair ?? 'line'}: ${failureText(event.error)}; tried again`
  return `line ${event.state}: ${event.symbols.join(', ')}${event.reason === null ? '' : ` (${event.reason})`}`
}
