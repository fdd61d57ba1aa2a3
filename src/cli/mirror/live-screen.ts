import type { MirrorEvent } from '../../mirror/read/watch.ts'
import type { Terminal } from '../terminal.ts'
import { printDecimalJson } from './decimal-json.ts'
import { eventLines, LiveAccount } from './live-account.ts'
import { orderDecimals } from './order-table.ts'

/** Shows a mirror's events as they come, and remarks about them. */
export interface EventView {
  show(event: MirrorEvent): void
  remark(text: string): void
  end(): void
}

const eventDecimals = [...orderDecimals, 'free', 'used', 'total']
/** A screen is drawn again at most this often. */
const frameMs = 200

/** On a terminal a table that is drawn anew; in a pipe a line per change; or JSON per event. */
export function eventView(title: string, terminal: Terminal, json: boolean): EventView {
  if (terminal.isInteractive && !json) return new LiveScreen(title, terminal)
  return {
    show: (event) => {
      if (json) printDecimalJson(terminal, event, eventDecimals)
      else for (const line of eventLines(event)) terminal.print(line)
    },
    remark: (text) => terminal.note(text),
    end: () => undefined,
  }
}

class LiveScreen implements EventView {
  readonly #account = new LiveAccount()
  readonly #title: string
  readonly #terminal: Terminal
  #remark = ''
  #timer: NodeJS.Timeout | undefined

  constructor(title: string, terminal: Terminal) {
    this.#title = title
    this.#terminal = terminal
  }

  show(event: MirrorEvent): void {
    this.#account.apply(event)
    this.#drawSoon()
  }

  remark(text: string): void {
    this.#remark = text
    this.#drawSoon()
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#draw()
  }

  #drawSoon(): void {
    this.#timer ??= setTimeout(() => this.#draw(), frameMs)
  }

  #draw(): void {
    this.#timer = undefined
    const lines = this.#account.lines(this.#title, this.#terminal)
    if (this.#remark !== '') lines.push('', this.#remark)
    this.#terminal.clear()
    this.#terminal.print(lines.join('\n'))
  }
}
